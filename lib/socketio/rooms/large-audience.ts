import type { BroadcastPart } from "../../engine/fan-out.ts";
import type { Runtime } from "../../engine/runtime.ts";
import { sessionOf } from "../../engine/session.ts";
import { addTally, type Turn } from "../../engine/turn.ts";
import type { Sid } from "../../ids.ts";
import type { PacketFrames } from "../../protocol/dialect.ts";
import { listAudience, type Audience, type Listed, type OpenedAudience } from "./audience.ts";
import { countPart, sendPaced, sendPart } from "./broadcast-part.ts";
import { cutRanges, rangeOf } from "./key-ranges.ts";
import { kickedBy } from "./kicked.ts";

/** What an invocation keeps of its time, for the answers of the others and for what comes behind the broadcast. */
const RESERVE_MS = 3_000;
/** Code outside of any invocation waits for so long. */
const LONGEST_MS = 115_000;

interface Outcome {
  readonly found: number;
  /** Whether nothing failed, and nothing is unknown. */
  readonly isWhole: boolean;
}

/**
 * Sends a packet to a large audience: to the page that has been read from here, to each key range behind it from an
 * invocation of its own.
 *
 *     here     waits for what was sent before; its own client first, then the page
 *     others   read their range a piece at a time, and send                          → what became of it
 *     here     waits for all; only then the next emit of this turn begins
 *
 * So whoever is sent both emits gets them in order, whichever processes post them. Resolves when all is over with.
 */
export async function sendToLargeAudience(
  runtime: Runtime,
  turn: Turn,
  audience: Audience,
  { listed, last }: OpenedAudience,
  packet: PacketFrames,
  volatile: boolean,
): Promise<Outcome> {
  await runtime.outbound.drained();
  const ranges = last === undefined ? [] : cutRanges(last);
  const own = audience.exceptSid === undefined ? sessionOf(turn)?.sid : undefined;
  const kicked = new Set(kickedBy(turn));
  const whole = {
    nsp: audience.nsp,
    rooms: [...audience.rooms],
    except: [...audience.except],
    exceptSids: [audience.exceptSid ?? own ?? []].flat(),
    exceptSocketIds: [...kicked, ...[audience.exceptSocketId ?? []].flat()],
    frames: packet.in(4),
    volatile,
    parts: ranges.length + 1,
    untilMs: (turn.deadlineMs ?? runtime.clock.nowMs() + LONGEST_MS) - RESERVE_MS,
  } satisfies Omit<BroadcastPart, "range">;
  const ownRows = own === undefined ? [] : await findOwn(runtime, own, audience, listed, kicked);
  const isLeft = ({ member }: Listed) => member.sid !== own && !kicked.has(member.socketId);
  const sent = await Promise.all([
    sendFromHere(runtime, turn, whole, ownRows),
    sendFromHere(runtime, turn, whole, listed.filter(isLeft)),
    ...ranges.map((range) => sendElsewhere(runtime, turn, { ...whole, range })),
  ]);
  return {
    found: sent.reduce((sum, { found }) => sum + found, 0),
    isWhole: sent.every(({ isWhole }) => isWhole),
  };
}

/** The sender's own client, if it is of the audience: nobody is sent to before it is known. */
async function findOwn(
  { store }: Runtime,
  own: Sid,
  audience: Audience,
  page: readonly Listed[],
  kicked: ReadonlySet<string>,
): Promise<readonly Listed[]> {
  const onPage = page.find(({ member }) => member.sid === own);
  if (onPage !== undefined) return kicked.has(onPage.member.socketId) ? [] : [onPage];
  const found: Listed[] = [];
  const one = listAudience(store, { ...audience, exceptSocketIds: [...kicked] }, { range: rangeOf(own) });
  for await (const page of one) found.push(...page);
  return found;
}

async function sendFromHere(
  runtime: Runtime,
  turn: Turn,
  whole: Omit<BroadcastPart, "range">,
  members: readonly Listed[],
): Promise<Outcome> {
  const { found, late, isWhole } = await sendPaced(runtime, turn, whole, [members]);
  turn.tally.unknown += late;
  return { found, isWhole };
}

/** By another process; where none takes it, by this one. */
async function sendElsewhere(runtime: Runtime, turn: Turn, part: BroadcastPart): Promise<Outcome> {
  try {
    const tally = (await runtime.fanOut?.send(part)) ?? (await sendPart(runtime, part));
    addTally(turn.tally, tally);
    const { delivered, gone, dropped, unknown } = tally;
    return { found: delivered + gone + dropped + unknown, isWhole: unknown === 0 };
  } catch (error) {
    // A second attempt would send twice to whoever has been sent it.
    const unknown = await countPart(runtime, part);
    turn.tally.unknown += unknown;
    runtime.logger.error("part of a broadcast broke off: nobody knows who of it was sent to", {
      code: "core.broadcast_part_lost",
      turn: turn.label,
      unknown,
      error,
    });
    return { found: unknown, isWhole: false };
  }
}
