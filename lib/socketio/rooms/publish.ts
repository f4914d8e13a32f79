import { createOffset, type Offset } from "../../ids.ts";
import { PacketFrames } from "../../protocol/dialect.ts";
import { assertPostable } from "../../protocol/frame.ts";
import { assertEmittable } from "../../protocol/reserved-events.ts";
import type { LogPlace } from "../../state/recovery-store.ts";
import { MAX_LOG_BYTES, toMessagesBytes } from "../../state/row-limits.ts";
import type { Audience } from "./audience.ts";
import { sendToAudience, type EmitFlags } from "./broadcast.ts";
import { isKicked } from "./kicked.ts";
import type { RoomPorts } from "./room-ports.ts";
import type { Session } from "../../engine/session.ts";
import type { SocketState } from "../replay/socket-state.ts";
import type { Turn } from "../../engine/turn.ts";

type EventAndValues = readonly [event: string, ...values: unknown[]];

/** As long as every offset, and what no app emits by chance. */
const PLACEHOLDER = "~offset~of~this~packet~";

/**
 * An event, encoded when it was emitted, because the app may change what it gave a moment later. With recovery on it
 * carries an offset as its last argument, which is known only when its turn comes.
 */
export class Publication {
  /** Of the event as it was encoded: with recovery, before its offset is known. */
  readonly frames: PacketFrames;
  readonly #messages: readonly (string | Uint8Array)[];
  readonly #isVolatile: boolean;
  /** As it was emitted, for who looks; undefined while nobody does. */
  readonly #seen: readonly unknown[] | undefined;

  /** Throws before anything is sent: reserved name, values that cannot be encoded, over 128 KB. */
  constructor(
    internals: RoomPorts,
    nsp: string,
    [event, ...values]: EventAndValues,
    { volatile }: EmitFlags,
  ) {
    assertEmittable(event);
    const args = [event, ...values] as const;
    const end = internals.recovery && toEnd(args.at(-1), volatile ?? false);
    this.#messages = internals.codec.encode({ type: "event", nsp, args: [...args, ...(end ?? [])] });
    this.frames = new PacketFrames(this.#messages);
    assertPostable(this.frames.in(4));
    this.#isVolatile = volatile ?? false;
    this.#seen = internals.observer?.mayBeWatched ? toSeen(args) : undefined;
  }

  /** The stage of an emit to one session with recovery: logged, sent, and noted as done. */
  async sendToSession(internals: RoomPorts, turn: Turn, session: Session, state: SocketState): Promise<void> {
    if (isKicked(turn, state.id)) return;
    const { messages, offset } = this.#stamp(internals, turn);
    // Without a private id its client has no state to come back to.
    const places =
      offset && state.pid && (await this.#log(internals, turn, offset, messages, state.nsp, [state.id], []));
    const sent = session.post(turn, new PacketFrames(messages).in(session.record.protocol), this.#isVolatile);
    if (places) this.#markDone(internals, turn, places, sent);
  }

  /** The stage of an emit to many. Resolves with their number when everyone has been found, and is being sent it. */
  async sendToAudience(
    internals: RoomPorts,
    turn: Turn,
    audience: Audience,
    flags: EmitFlags,
  ): Promise<number> {
    const { messages, offset } = this.#stamp(internals, turn);
    const rooms = audience.rooms.size === 0 ? [undefined] : [...audience.rooms];
    const except = [
      ...audience.except,
      ...(audience.exceptSocketId === undefined ? [] : [audience.exceptSocketId]),
    ];
    const places =
      offset && (await this.#log(internals, turn, offset, messages, audience.nsp, rooms, except));
    const frames = offset === undefined ? this.frames : new PacketFrames(messages);
    const sent = await sendToAudience(internals.runtime, turn, audience, frames, flags, (socketId) => {
      if (this.#seen === undefined) return;
      internals.observer?.observe(turn, { kind: "sent", nsp: audience.nsp, socketId, args: this.#seen });
    });
    if (places) this.#markDone(internals, turn, places, sent.all);
    return sent.found;
  }

  /** A delivery that failed may have reached nobody, so its packet stays one that may have been missed. */
  #markDone(
    { recovery, runtime }: RoomPorts,
    turn: Turn,
    places: readonly LogPlace[],
    sent: Promise<boolean>,
  ): void {
    turn.track(
      sent.then(async (isDone) => {
        if (isDone) await recovery?.markDone(runtime, places);
      }),
    );
  }

  #stamp(internals: RoomPorts, turn: Turn): { messages: readonly (string | Uint8Array)[]; offset?: Offset } {
    if (internals.recovery === undefined || this.#isVolatile) return { messages: this.#messages };
    const offset = createOffset(internals.runtime.clock.nowMs(), turn.lineTag);
    return { messages: stamp(this.#messages, offset), offset };
  }

  /** Before anything is posted: what is posted and not in the log would be lost for a client that comes back. */
  async #log(
    internals: RoomPorts,
    turn: Turn,
    offset: Offset,
    messages: readonly (string | Uint8Array)[],
    nsp: string,
    rooms: readonly (string | undefined)[],
    except: readonly string[],
  ): Promise<readonly LogPlace[] | undefined> {
    if (internals.recovery === undefined) return undefined;
    const bytes = toMessagesBytes(messages) + toMessagesBytes(except);
    if (bytes > MAX_LOG_BYTES) {
      internals.runtime.logger.warn("a packet is too large to be kept for clients that come back", {
        code: "core.unlogged_packet",
        turn: turn.label,
        bytes,
      });
    }
    const places = rooms.map((room) => ({ nsp, room, offset }));
    // Of one that is too large its offset alone: who has heard it may show that, and who has not begins anew.
    const kept = bytes > MAX_LOG_BYTES ? { messages: [], except: [] } : { messages, except };
    await internals.recovery.log(
      internals.runtime,
      places.map((place) => ({ ...place, ...kept })),
    );
    return places;
  }
}

/** Sends an event to a session's own client, in order with what its turn has sent before. */
export function emitToSession(
  internals: RoomPorts,
  session: Session,
  state: SocketState,
  turn: Turn | undefined,
  event: EventAndValues,
  flags: EmitFlags,
): void {
  const publication = new Publication(internals, state.nsp, event, flags);
  if (turn === undefined) return;
  if (internals.recovery) void turn.order(() => publication.sendToSession(internals, turn, session, state));
  else {
    const isWanted = () => !isKicked(turn, state.id);
    session.sendFrames(turn, publication.frames.in(session.record.protocol), flags.volatile, isWanted);
  }
}

/**
 * What an event ends with, so that its client knows where it is: clients take a text at the end of any event, a name
 * without values included, for an offset. A volatile event is not kept and so has none.
 */
function toEnd(last: unknown, isVolatile: boolean): readonly unknown[] {
  if (!isVolatile) return [PLACEHOLDER];
  return typeof last === "string" ? [null] : [];
}

/** A copy, where one can be made: the app may change what it gave before its turn comes. */
export function toSeen(args: readonly unknown[]): readonly unknown[] {
  try {
    return structuredClone(args);
  } catch {
    return args;
  }
}

/** Puts the offset where its place was kept: into the header, which is the first message whatever the codec. */
function stamp(messages: readonly (string | Uint8Array)[], offset: Offset): (string | Uint8Array)[] {
  const [header, ...attachments] = messages;
  if (header === undefined) return [];
  if (typeof header === "string") {
    const at = header.lastIndexOf(PLACEHOLDER);
    return [header.slice(0, at) + offset + header.slice(at + offset.length), ...attachments];
  }
  const bytes = Buffer.from(header);
  bytes.write(offset, bytes.lastIndexOf(PLACEHOLDER), "latin1");
  return [bytes, ...attachments];
}
