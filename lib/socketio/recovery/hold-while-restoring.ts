import { createSid, openedAtMs, type Sid } from "../../ids.ts";
import { PacketFrames } from "../../protocol/dialect.ts";
import { decodeFrame } from "../../protocol/frame.ts";
import type { PacketCodec } from "../../protocol/packet.ts";
import { receiveMessage, type PendingPacket } from "../../protocol/reassembly.ts";
import type { MoveTarget } from "../../state/outbox.ts";
import type { Route } from "../../state/records.ts";
import type { LogRecord } from "../../state/recovery-store.ts";
import type { RoomPorts } from "../rooms/room-ports.ts";
import type { Session } from "../../engine/session.ts";
import type { Turn } from "../../engine/turn.ts";

/**
 * While a client's state is being restored, whoever sends to it must neither be lost nor overtake what it missed:
 *
 *     this turn   stores the socket, with its rows in all rooms ──► from now on emits find it
 *     this turn   reads the log ──► everything emitted before
 *     others      emit: logged, and appended to the hold, which is an outbox of its own
 *     this turn   sends what was missed and what is in the hold, each packet once; then what the hold still gets, until
 *                 it is empty, and moves it, in one conditional write: from then on appends are refused, and tell where
 *                 to send
 *
 * The log may have been read too late for the order of the hold, so they are merged before anything is sent:
 *
 *     this turn   reads the log of room a
 *     others      log 8 for a, append 8 to the hold, and note that 8 is done; log 9 for b
 *     this turn   reads the log of room b: 9. A client that had 9 first, and went, would not be sent 8 again
 */
export interface Hold {
  readonly id: Sid;
  /** What it moves to. */
  readonly target: MoveTarget;
  readonly route: Route & { readonly kind: "held" };
}

export async function openHold({ runtime }: RoomPorts, session: Session): Promise<Hold> {
  const id = createSid(openedAtMs(session.sid));
  const target = session.connectionId ?? "outbox";
  await runtime.store.createHold(id, target);
  return { id, target, route: { kind: "held", hold: id } };
}

/** Sends what the client has missed and what others have sent since. Resolves with the offsets; a stage of the turn. */
export function sendMissed(
  { runtime, codec }: RoomPorts,
  session: Session,
  turn: Turn,
  { id }: Hold,
  missed: readonly LogRecord[],
): Promise<ReadonlySet<unknown>> {
  return turn.order(async () => {
    const offsets = new Set<unknown>(missed.map(({ offset }) => offset));
    const logged = missed.map(({ messages, offset }): HeldPacket => {
      return { frames: new PacketFrames(messages).in(session.record.protocol), offset };
    });
    const held = toPackets(codec, await runtime.store.takeOutbox(id));
    for (const packet of merge(
      logged,
      held.filter(({ offset }) => !offsets.has(offset)),
    )) {
      void session.post(turn, packet.frames);
    }
    return offsets;
  });
}

/** Sends what others go on sending, and lets them send by themselves from now on. One stage of the turn. */
export function releaseHold(
  { runtime, codec }: RoomPorts,
  session: Session,
  turn: Turn,
  { id, target }: Hold,
  sent: ReadonlySet<unknown>,
): Promise<void> {
  return turn.order(async () => {
    for (;;) {
      const frames = await runtime.store.takeOutbox(id);
      const fresh = toPackets(codec, frames).filter(({ offset }) => !sent.has(offset));
      for (const packet of fresh) void session.post(turn, packet.frames);
      // Whoever is let in by the move posts at once, from another instance perhaps.
      await runtime.outbound.settled(session.sid);
      if (frames.length === 0 && (await runtime.store.moveOutbox(id, target))) return;
      if ((await runtime.store.readOutbox(id)) === undefined) return;
    }
  });
}

interface HeldPacket {
  readonly frames: readonly string[];
  /** Of an event its last argument, which is its offset. */
  readonly offset?: unknown;
}

/** Two lists as one, by offset, each in the order it was in. */
function* merge(logged: readonly HeldPacket[], held: readonly HeldPacket[]): Generator<HeldPacket> {
  let next = 0;
  for (const packet of held) {
    for (; next < logged.length && String(logged[next]?.offset) < String(packet.offset); next += 1) {
      yield logged[next] as HeldPacket;
    }
    yield packet;
  }
  yield* logged.slice(next);
}

/** Frames, packet by packet, each with the offset at its end. */
function toPackets(codec: PacketCodec, frames: readonly string[]): HeldPacket[] {
  const packets: HeldPacket[] = [];
  let open: string[] = [];
  let pending: PendingPacket | undefined;
  for (const text of frames) {
    open.push(text);
    const frame = decodeFrame(text);
    if (frame.type !== "message") continue;
    const received = receiveMessage(codec, pending, frame.data);
    pending = "pending" in received ? received.pending : undefined;
    if ("pending" in received) continue;
    const { packet } = received;
    packets.push({ frames: open, ...(packet.type === "event" ? { offset: packet.args.at(-1) } : {}) });
    open = [];
  }
  return open.length === 0 ? packets : [...packets, { frames: open }];
}
