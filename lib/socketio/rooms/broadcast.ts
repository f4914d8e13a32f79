import { PacketFrames } from "../../protocol/dialect.ts";
import { assertPostable } from "../../protocol/frame.ts";
import { assertEmittable } from "../../protocol/reserved-events.ts";
import type { PacketCodec } from "../../protocol/packet.ts";
import { listAudience, type Audience, type Listed } from "./audience.ts";
import type { DeliveryOutcome } from "../../engine/outbound/outbound.ts";
import type { Runtime } from "../../engine/runtime.ts";
import type { RoomPorts } from "./room-ports.ts";
import { currentContext, type Turn } from "../../engine/turn.ts";

export interface EmitFlags {
  /** How long answers are waited for, in milliseconds. */
  readonly timeout?: number;
  readonly volatile?: boolean;
  readonly compress?: boolean;
  readonly local?: boolean;
}

/** An event that is to be acknowledged, as frames for the wire. Throws before anything is sent: reserved name, over 128 KB. */
export function encodeQuestion(
  codec: PacketCodec,
  nsp: string,
  event: string,
  args: readonly unknown[],
  id: number,
): PacketFrames {
  assertEmittable(event);
  const frames = new PacketFrames(codec.encode({ type: "event", nsp, id, args: [event, ...args] }));
  assertPostable(frames.in(4));
  return frames;
}

/** The turn that an effect of the running code belongs to; undefined in a replay, where effects are inert. */
export function effectTurn(runtime: Runtime): Turn | undefined {
  const context = currentContext();
  if (context === undefined) return runtime.detached;
  return context.mode === "replay" ? undefined : context.turn;
}

/**
 * The same for what nobody waits for. Before the server is served that is lost, which is logged: thrown in a timer of
 * the app's module it would end every instance that begins.
 */
export function effectTurnIfServed(
  internals: RoomPorts,
  what: string,
  where: { readonly event?: string; readonly nsp: string },
): Turn | undefined {
  if (internals.isServed) return effectTurn(internals.runtime);
  internals.reportUnserved(what, where);
  return undefined;
}

/** Hands a packet to everyone in an audience; resolves when all have been found. `all`: when it is over with, and whether no delivery failed. */
export async function sendToAudience(
  runtime: Runtime,
  turn: Turn,
  audience: Audience,
  frames: PacketFrames,
  flags: EmitFlags,
): Promise<{ readonly all: Promise<boolean> }> {
  const sent: Promise<unknown>[] = [];
  for await (const listed of listAudience(runtime.store, audience)) {
    const delivered = deliver(runtime, turn, audience.nsp, listed, frames, flags.volatile ?? false);
    turn.track(delivered);
    sent.push(delivered);
  }
  const settled = Promise.allSettled(sent);
  return { all: settled.then((results) => results.every(({ status }) => status === "fulfilled")) };
}

/** One recipient's copy, and what its outcome says of the row that named the recipient. */
export async function deliver(
  runtime: Runtime,
  turn: Turn,
  nsp: string,
  { member, room }: Listed,
  frames: PacketFrames,
  volatile: boolean,
): Promise<DeliveryOutcome> {
  const { sid, route, protocol } = member;
  const { outcome, movedTo } = await runtime.outbound.send({ sid, route }, frames.in(protocol), volatile);
  turn.tally[outcome] += 1;
  if (outcome === "gone") await runtime.store.deleteMemberIfRoute(nsp, room, sid, route);
  else if (movedTo !== undefined) {
    // The session was upgraded after it had joined. The row is put right by whoever is the first to notice.
    await runtime.store.repairRoute(nsp, room, sid, route, movedTo);
  }
  return outcome;
}
