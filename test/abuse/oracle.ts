import { sessionTag } from "../../lib/log.ts";
import type { Loss } from "../e2e/chat-client.ts";
import { findViolations, type Violations } from "../e2e/chat-proof.ts";
import type { AbuseResult } from "./play.ts";

/** Everything that strangers must not have brought about, each with what shows it. Empty lists are the proof. */
export interface Harm extends Violations {
  /** Acknowledged to a stranger, but no handler reported it. */
  readonly strangersUnhandled: readonly string[];
  /** Sessions of bystanders that ended, where no accident of the platform's is said to be the cause. */
  readonly closedBystanders: readonly string[];
  /** What says of a client that it is here, though all have gone. */
  readonly rowsLeft: readonly string[];
  readonly deadLetters: number;
}

export const noHarm: Harm = {
  handledTwice: [],
  heardTwice: [],
  acknowledgedUnhandled: [],
  acknowledgedLost: [],
  outOfOrder: [],
  strayed: [],
  strangersUnhandled: [],
  closedBystanders: [],
  rowsLeft: [],
  deadLetters: 0,
};

/**
 * What ends a connection though nobody has done anything, each with a line that names the session: an instance that died
 * with a frame, a post or a table that did not answer, as on a machine that has too much to do.
 */
const accidents = ["core.redelivered_frame", "core.recipient_dropped", "core.out_of_time", "aws.unreachable"];

export function findHarm(result: AbuseResult): Harm {
  const { bystanders, handled, acknowledged, left, stats, lines } = result;
  const reported = new Set(handled.map(({ packet }) => packet));
  const explained = new Set(lines.flatMap(sessionsOfAccident));
  // The client that polls sees an instance die: its request breaks off.
  const isExplained = ({ sid, transport }: Loss): boolean =>
    explained.has(sessionTag(sid)) || (transport === "polling" && stats.kills > 0);
  const violations = findViolations({ clients: bystanders, handled });
  return {
    ...violations,
    outOfOrder: violations.outOfOrder.filter((one) => !isOfDeadTurn(result, one)),
    strangersUnhandled: acknowledged.filter((packet) => !reported.has(packet)),
    closedBystanders: bystanders.flatMap(({ name, losses }) =>
      losses.filter((loss) => !isExplained(loss)).map((loss) => JSON.stringify({ name, ...loss })),
    ),
    rowsLeft: left,
    deadLetters: stats.deadLetters,
  };
}

/**
 * Never acknowledged, and heard behind what its sender has said since: a turn that died before it had sent it to all, and
 * then a recovery, which gives who has missed it what the log still has.
 */
function isOfDeadTurn({ bystanders, stats }: AbuseResult, inversion: string): boolean {
  const [packet, , listener] = inversion.split(" ");
  const sent = bystanders.flatMap((client) => client.sent).find(({ message }) => message.packet === packet);
  const isRecovered = bystanders.some(({ name, recoveries }) => name === listener && recoveries > 0);
  return stats.kills > 0 && isRecovered && sent !== undefined && sent.ackedAtMs === undefined;
}

/** The sessions that a line says to be closed by an accident, as logs name them. */
function sessionsOfAccident(line: string): readonly string[] {
  if (!accidents.some((code) => line.includes(`"code":"${code}"`))) return [];
  return [/"session":"(\w+)"/, /"recipient":"(\w+)"/].flatMap((name) => name.exec(line)?.[1] ?? []);
}

/** How often a function has logged what. */
function countCodes({ lines }: AbuseResult): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const line of lines) {
    const [, level] = /"level":"(\w+)"/i.exec(line) ?? [];
    const [, code] = /"code":"([^"]+)"/.exec(line) ?? [];
    const [, message] = /"message":"([^"]+)"/.exec(line) ?? [];
    const name = level === undefined ? line.slice(0, 60) : `${level} ${code ?? message}`;
    counts[name] = (counts[name] ?? 0) + 1;
  }
  return counts;
}

/** The numbers of a run, with the seed that plays it again. */
export function describeAbuse(result: AbuseResult): string {
  const { seed, played, bystanders, handled, acknowledged, stats, table, elapsedMs } = result;
  const sessions = [...played.values()].reduce((sum, count) => sum + count, 0);
  const said = bystanders.reduce((sum, { sent }) => sum + sent.length, 0);
  const requests = [...(table?.requests ?? [])].reduce((sum, [, count]) => sum + count, 0);
  return [
    `seed ${seed}: ${sessions} hostile sessions of ${played.size} kinds in ${Math.round(elapsedMs / 1000)} s`,
    `${said} messages of ${bystanders.length} bystanders, ${handled.length} handled, ${acknowledged.length} acknowledged to strangers`,
    `${stats.kills} kills, ${stats.redeliveries} redeliveries, ${stats.deadLetters} dead letters, ${stats.posts} posts, ` +
      `${sumOf(bystanders, "reconnections")} reconnections, ${sumOf(bystanders, "recoveries")} of them recovered, ` +
      `${sumOf(bystanders, "repeats")} packets sent again`,
    `lines: ${JSON.stringify(countCodes(result))}`,
    `${requests} requests to the table, hurt: ${JSON.stringify(table?.faults ?? {})}`,
  ].join("\n");
}

const sumOf = (
  clients: AbuseResult["bystanders"],
  count: "reconnections" | "recoveries" | "repeats",
): number => clients.reduce((sum, client) => sum + client[count], 0);
