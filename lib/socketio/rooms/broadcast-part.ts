import type { BroadcastPart } from "../../engine/fan-out.ts";
import { inPace } from "../../engine/outbound/paced-posts.ts";
import type { Runtime } from "../../engine/runtime.ts";
import { Turn, type Tally } from "../../engine/turn.ts";
import { PacketFrames } from "../../protocol/dialect.ts";
import { listAudience, type Audience, type Listed } from "./audience.ts";
import { Deliveries } from "./deliver.ts";

/** So many are read at a time: who is read long before it is sent to may have gone meanwhile. */
const READ_AT_ONCE = 1_000;

/**
 * Sends a packet to a part of its audience, as fast as the pace lets it. Resolves with what became of it for each: unknown
 * is who was not come to in time, and to whom the way broke off. Rejects where not even their number is known.
 */
export async function sendPart(runtime: Runtime, part: BroadcastPart): Promise<Readonly<Tally>> {
  const turn = new Turn("part of a broadcast", runtime.strays);
  const { range } = part;
  const members = listAudience(runtime.store, toAudience(part), { range, pageSize: READ_AT_ONCE });
  const sent = await sendPaced(runtime, turn, part, members);
  turn.end();
  if (turn.failure)
    runtime.logger.error("part of a broadcast could not be sent", { error: turn.failure.error });
  if (sent.late > 0)
    runtime.logger.error("time was up before everybody had been sent a broadcast", {
      code: "core.broadcast_cut_short",
      unsent: sent.late,
    });
  return { ...turn.tally, unknown: sent.found - countKnown(turn.tally) };
}

const countKnown = ({ delivered, gone, dropped }: Readonly<Tally>): number => delivered + gone + dropped;

/** How many a part is for, as of now. */
export async function countPart({ store }: Pick<Runtime, "store">, part: BroadcastPart): Promise<number> {
  let count = 0;
  const members = listAudience(store, toAudience(part), { range: part.range });
  for await (const page of members) count += page.length;
  return count;
}

export interface SentPaced {
  readonly found: number;
  /** Of those, how many were not come to in time. */
  readonly late: number;
  /** Whether nothing failed. */
  readonly isWhole: boolean;
}

/** Hands a packet to each of these members, which come in pages, when their time has come. What fails is a failure of the turn. */
export function sendPaced(
  runtime: Runtime,
  turn: Turn,
  { nsp, frames, volatile, parts, untilMs }: Omit<BroadcastPart, "range">,
  members: AsyncIterable<readonly Listed[]> | Iterable<readonly Listed[]>,
): Promise<SentPaced> {
  const { pace, clock } = runtime;
  const packet = PacketFrames.of(frames);
  // An outbox is written to, and nobody is posted anything.
  const isPosted = ({ member }: Listed) => member.route.kind === "connection";
  return pace.during(async () => {
    const deliveries = new Deliveries(runtime, turn, nsp, packet, volatile);
    let late = 0;
    try {
      for await (const { recipients, isLate } of inPace(members, { pace, clock, isPosted, parts, untilMs })) {
        if (isLate) late += recipients.length;
        else for (const listed of recipients) deliveries.begin(listed);
      }
    } finally {
      turn.track(deliveries.settled().then(() => deliveries.throwFirst()));
    }
    const isWhole = (await deliveries.settled()) && late === 0;
    return { found: deliveries.count + late, late, isWhole };
  });
}

const toAudience = ({
  nsp,
  rooms,
  except,
  exceptSids,
  exceptSocketIds,
}: Omit<BroadcastPart, "range">): Audience => ({
  nsp,
  rooms: new Set(rooms),
  except: new Set(except),
  exceptSids,
  exceptSocketIds,
});
