import type { Comparison, Line } from "./bill.ts";
import { pingIntervalsMs, type Workload } from "./workload.ts";

/** A bill for people. */
export function toText(comparison: Comparison): string {
  const { workload, prices, dollars, byService, byCause, alternative, notes } = comparison;
  const cheaper = dollars <= alternative.dollars ? "nonsticky" : "containers";
  return [
    describe(workload),
    `US$ for 30 days, list prices of ${prices.region} as known on ${prices.date}, without free tiers`,
    "",
    ...toColumns("by service", byService),
    "",
    ...toColumns(
      "by cause",
      Object.entries(byCause).map(([service, cost]) => ({ service, amount: 0, dollars: cost })),
    ),
    "",
    ...toColumns(
      `${alternative.containers} containers, sticky load balancer, ${count(alternative.redisNodes, "Redis node")}`,
      alternative.byService,
    ),
    "",
    `cheaper: ${cheaper}, by ${toDollars(Math.abs(dollars - alternative.dollars))}`,
    ...notes,
  ].join("\n");
}

/** What a workload is, in a line. */
export function describe(workload: Workload): string {
  const { connections, inPerHour, outPerHour, fanOut, bytes, acked, polling, sessionMinutes } = workload;
  return [
    `${toNumber(connections)} clients`,
    `each sends ${toNumber(inPerHour)} and gets ${toNumber(outPerHour)} packets an hour of ${toNumber(bytes)} bytes`,
    `${toNumber(fanOut)} recipients an emit`,
    ...(acked > 0 ? [`${percent(acked)} of the sent acknowledged`] : []),
    ...(polling > 0 ? [`${percent(polling)} polling`] : []),
    `sessions of ${toNumber(sessionMinutes)} minutes`,
    `pings every ${describePing(workload.pingIntervalMs)}`,
    `${workload.ordering} ordering`,
    ...(workload.recovery ? ["recovery"] : []),
    ...(workload.roomEvents ? ["room events"] : []),
    ...(workload.sharedReadsPerHour + workload.sharedWritesPerHour > 0
      ? [
          `${workload.sharedReadsPerHour} reads and ${workload.sharedWritesPerHour} writes of shared maps an hour`,
        ]
      : []),
    ...(workload.liveKb > 0
      ? [
          `${toNumber(workload.liveKb)} KB of live values, changed ${toNumber(workload.liveWritesPerHour)} times an hour`,
        ]
      : []),
    ...(workload.routesPerHour > 0
      ? [`${toNumber(workload.routesPerHour)} requests for routes an hour`]
      : []),
    ...(workload.edge ? ["edge"] : []),
    ...(workload.monitoring ? [] : ["no monitoring"]),
  ].join(", ");
}

function toColumns(title: string, lines: readonly Line[]): readonly string[] {
  const sum = lines.reduce((total, { dollars }) => total + dollars, 0);
  return [title, ...[...lines, { service: "sum", dollars: sum }].map(toLine)];
}

const toLine = ({ service, dollars }: Pick<Line, "service" | "dollars">): string =>
  `  ${service.padEnd(32)}${toDollars(dollars).padStart(14)}`;

function describePing(ms: number): string {
  const preset = Object.entries(pingIntervalsMs).find(([, interval]) => interval === ms)?.[0];
  const interval = ms >= 60_000 ? `${toNumber(ms / 60_000)} min` : `${toNumber(ms / 1_000)} s`;
  return preset === undefined ? interval : `${interval} (${preset})`;
}

const percent = (share: number): string => `${toNumber(share * 100)} %`;
const count = (n: number, what: string): string => `${toNumber(n)} ${what}${n === 1 ? "" : "s"}`;

export const toNumber = (value: number): string =>
  value.toLocaleString("en-US", { maximumFractionDigits: 2 });

/** Cents while they matter. */
export function toDollars(dollars: number): string {
  const digits = dollars < 100 ? 2 : 0;
  return dollars.toLocaleString("en-US", { minimumFractionDigits: digits, maximumFractionDigits: digits });
}
