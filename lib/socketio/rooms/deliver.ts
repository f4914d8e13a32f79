import type { DeliveryOutcome, Sent } from "../../engine/outbound/outbound.ts";
import type { Runtime } from "../../engine/runtime.ts";
import type { Turn } from "../../engine/turn.ts";
import type { PacketFrames } from "../../protocol/dialect.ts";
import type { Listed } from "./audience.ts";

/** One recipient's copy, and what its outcome says of the row that named the recipient. */
export function deliver(
  runtime: Runtime,
  turn: Turn,
  nsp: string,
  listed: Listed,
  frames: PacketFrames,
  volatile: boolean,
): Promise<DeliveryOutcome> {
  const { sid, route, protocol } = listed.member;
  return runtime.outbound.send({ sid, route }, frames.in(protocol), volatile).then((sent) => {
    turn.tally[sent.outcome] += 1;
    const isAsRead = sent.outcome !== "gone" && sent.movedTo === undefined;
    return isAsRead ? sent.outcome : amend(runtime, nsp, listed, sent);
  });
}

async function amend(
  { store }: Runtime,
  nsp: string,
  { member, room }: Listed,
  { outcome, movedTo }: Sent,
): Promise<DeliveryOutcome> {
  const { sid, route } = member;
  // A counted member leaves with its session, for whoever takes it out of the room has to tell so.
  if (outcome === "gone" && !member.counted) await store.deleteMemberIfRoute(nsp, room, sid, route);
  // The session was upgraded after it had joined. The row is put right by whoever is the first to notice.
  if (movedTo !== undefined) await store.repairRoute(nsp, room, sid, route, movedTo);
  return outcome;
}
