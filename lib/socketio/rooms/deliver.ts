import type { DeliveryOutcome } from "../../engine/outbound/outbound.ts";
import type { Runtime } from "../../engine/runtime.ts";
import type { Turn } from "../../engine/turn.ts";
import type { PacketFrames } from "../../protocol/dialect.ts";
import type { Listed } from "./audience.ts";

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
