import { findViolations, type Violations } from "../e2e/chat-proof.ts";
import type { AbuseResult } from "./play.ts";

/** Everything that strangers must not have brought about, each with what shows it. Empty lists are the proof. */
export interface Harm extends Violations {
  /** Acknowledged to a stranger, but no handler reported it. */
  readonly strangersUnhandled: readonly string[];
  /** Bystanders whose connection ended, and how often, where nothing of the platform's own making was the cause. */
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
 * What ends a connection though nobody has done anything, each with a line of its own: an instance that died with a frame,
 * a post or a table that did not answer, as on a machine that has too much to do.
 */
const accidents = ["core.redelivered_frame", "core.recipient_dropped", "core.out_of_time", "aws.unreachable"];

export function findHarm(result: AbuseResult): Harm {
  const { bystanders, handled, acknowledged, left, stats } = result;
  const reported = new Set(handled.map(({ packet }) => packet));
  const losses = bystanders.map(({ name, reconnections }) => ({ name, reconnections }));
  const lost = losses.reduce((sum, { reconnections }) => sum + reconnections, 0);
  const isExplained = lost <= countAccidents(result);
  return {
    ...findViolations({ clients: bystanders, handled }),
    strangersUnhandled: acknowledged.filter((packet) => !reported.has(packet)),
    closedBystanders: isExplained
      ? []
      : losses.filter(({ reconnections }) => reconnections > 0).map((loss) => JSON.stringify(loss)),
    rowsLeft: left,
    deadLetters: stats.deadLetters,
  };
}

export const countAccidents = ({ lines }: AbuseResult): number =>
  lines.filter((line) => accidents.some((code) => line.includes(`"code":"${code}"`))).length;

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
      `${bystanders.reduce((sum, { reconnections }) => sum + reconnections, 0)} reconnections`,
    `lines: ${JSON.stringify(countCodes(result))}`,
    `${requests} requests to the table, hurt: ${JSON.stringify(table?.faults ?? {})}`,
  ].join("\n");
}
