import type { PacketFrames } from "../../protocol/dialect.ts";
import { listAudience, type Audience, type Listed } from "./audience.ts";
import { isKicked } from "./kicked.ts";
import type { DeliveryOutcome } from "../../engine/outbound/outbound.ts";
import type { Runtime } from "../../engine/runtime.ts";
import type { Turn } from "../../engine/turn.ts";

export interface EmitFlags {
  /** How long answers are waited for, in milliseconds. */
  readonly timeout?: number;
  readonly volatile?: boolean;
  readonly compress?: boolean;
  readonly local?: boolean;
}

/** Hands a packet to everyone in an audience; resolves when all have been found. `all`: when it is over with, and whether no delivery failed. */
export async function sendToAudience(
  runtime: Runtime,
  turn: Turn,
  audience: Audience,
  frames: PacketFrames,
  flags: EmitFlags,
  onFound: (socketId: string) => void = () => undefined,
): Promise<{ readonly all: Promise<boolean>; readonly found: number }> {
  const sent: Promise<unknown>[] = [];
  for await (const listed of listAudience(runtime.store, audience)) {
    if (isKicked(turn, listed.member.socketId)) continue;
    const delivered = deliver(runtime, turn, audience.nsp, listed, frames, flags.volatile ?? false);
    turn.track(delivered);
    sent.push(delivered);
    onFound(listed.member.socketId);
  }
  const settled = Promise.allSettled(sent);
  return {
    found: sent.length,
    all: settled.then((results) => results.every(({ status }) => status === "fulfilled")),
  };
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
  // A counted member leaves with its session, for whoever takes it out of the room has to tell so.
  if (outcome === "gone" && !member.counted) await runtime.store.deleteMemberIfRoute(nsp, room, sid, route);
  if (movedTo !== undefined) {
    // The session was upgraded after it had joined. The row is put right by whoever is the first to notice.
    await runtime.store.repairRoute(nsp, room, sid, route, movedTo);
  }
  return outcome;
}
