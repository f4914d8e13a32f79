import { parseArgs } from "node:util";
import { CostError } from "./cost-error.ts";
import { defaultWorkload, pingIntervalsMs, type Workload } from "./workload.ts";

export interface CostOptions {
  readonly workload: Workload;
  /** A price file, where it is not the package's own. */
  readonly prices?: string;
  readonly output: "text" | "json" | "table";
}

const flags = {
  connections: { type: "string" },
  in: { type: "string" },
  out: { type: "string" },
  "fan-out": { type: "string" },
  bytes: { type: "string" },
  ping: { type: "string" },
  ordering: { type: "string" },
  recovery: { type: "boolean" },
  acked: { type: "string" },
  polling: { type: "string" },
  "session-minutes": { type: "string" },
  rooms: { type: "string" },
  timers: { type: "string" },
  "timers-rung": { type: "string" },
  "room-events": { type: "boolean" },
  "shared-reads": { type: "string" },
  "shared-writes": { type: "string" },
  "live-kb": { type: "string" },
  "live-writes": { type: "string" },
  routes: { type: "string" },
  "handler-ms": { type: "string" },
  edge: { type: "boolean" },
  "no-monitoring": { type: "boolean" },
  peak: { type: "string" },
  prices: { type: "string" },
  json: { type: "boolean" },
  table: { type: "boolean" },
} as const;

const d = defaultWorkload;

export const usage = `nonsticky cost [options]
  --connections N       clients connected on the average of a month (default ${d.connections})
  --in N                packets that each of them sends in an hour (default ${d.inPerHour})
  --out N               packets that each of them gets in an hour (default ${d.outPerHour})
  --fan-out N           recipients of one emit (default ${d.fanOut})
  --bytes N             size of a packet (default ${d.bytes})
  --ping P              silent, economy, steady (default), balanced, official, or an interval in milliseconds
  --ordering MODE       fifo (default) or direct
  --recovery            with connectionStateRecovery
  --acked SHARE         of the packets sent ask for an ack, 0 to 1 (default ${d.acked})
  --polling SHARE       of the clients poll all the time, 0 to 1 (default ${d.polling})
  --session-minutes N   how long a connection lasts, at most 120 (default ${d.sessionMinutes})
  --rooms N             joined on connecting (default ${d.rooms})
  --timers N            set by each client in an hour, for less than 15 minutes (default ${d.timersPerHour})
  --timers-rung SHARE   of them ring, 0 to 1; the others are cancelled (default ${d.timersRung})
  --room-events         somebody listens to rooms that come and go
  --shared-reads N      of io.shared, for each client in an hour (default ${d.sharedReadsPerHour})
  --shared-writes N     the same of set, update, increment and delete (default ${d.sharedWritesPerHour})
  --live-kb N           of live values, all of them together (default ${d.liveKb}: none)
  --live-writes N       packets of each client in an hour that change one (default ${d.liveWritesPerHour})
  --routes N            requests of each client for the app's own routes in an hour (default ${d.routesPerHour})
  --handler-ms N        how long a handler or a route of the app takes by itself (default ${d.handlerMs})
  --edge                with CloudFront; clients begin with polling
  --no-monitoring       without alarms, dashboard and metrics
  --peak N              how many times the average the busiest hour has (default ${d.peak})
  --prices FILE         of another region or day, like infra/cost/prices-us-east-1.json
  --json                for programs
  --table               docs/cost.md`;

/** Reads the command line. Throws a `CostError` that names the option, what it takes and what came. */
export function parseCostOptions(args: readonly string[]): CostOptions {
  const given = readFlags(args);
  if (given.timers !== undefined && given.ordering === "direct")
    throw new CostError("expected --timers with --ordering fifo, got direct, which has no timers");
  if (given.json && given.table) throw new CostError("expected --json or --table, got both");
  const number = (name: NumberFlag, least: number, most: number, otherwise: number) =>
    readNumber(name, given[name], least, most) ?? otherwise;
  return {
    workload: {
      connections: number("connections", 0, 1e9, d.connections),
      inPerHour: number("in", 0, 1e6, d.inPerHour),
      outPerHour: number("out", 0, 1e7, d.outPerHour),
      fanOut: number("fan-out", 1, 1e9, d.fanOut),
      bytes: number("bytes", 1, 131_072, d.bytes),
      pingIntervalMs: readPing(given.ping),
      ordering: readOrdering(given.ordering),
      recovery: given.recovery ?? d.recovery,
      acked: number("acked", 0, 1, d.acked),
      polling: number("polling", 0, 1, d.polling),
      sessionMinutes: number("session-minutes", 0.1, 120, d.sessionMinutes),
      rooms: number("rooms", 0, 1_000, d.rooms),
      timersPerHour: number("timers", 0, 1e6, d.timersPerHour),
      timersRung: number("timers-rung", 0, 1, d.timersRung),
      roomEvents: given["room-events"] ?? d.roomEvents,
      sharedReadsPerHour: number("shared-reads", 0, 1e7, d.sharedReadsPerHour),
      sharedWritesPerHour: number("shared-writes", 0, 1e7, d.sharedWritesPerHour),
      liveKb: number("live-kb", 0, 1e5, d.liveKb),
      liveWritesPerHour: number("live-writes", 0, 1e6, d.liveWritesPerHour),
      routesPerHour: number("routes", 0, 1e6, d.routesPerHour),
      handlerMs: number("handler-ms", 0, 30_000, d.handlerMs),
      edge: given.edge ?? d.edge,
      monitoring: !(given["no-monitoring"] ?? !d.monitoring),
      peak: number("peak", 1, 1_000, d.peak),
    },
    ...(given.prices === undefined ? {} : { prices: given.prices }),
    output: given.json ? "json" : given.table ? "table" : "text",
  };
}

type Flags = ReturnType<typeof readFlags>;
type NumberFlag = Exclude<
  { [Name in keyof Flags]-?: Flags[Name] extends string | undefined ? Name : never }[keyof Flags],
  "ping" | "ordering" | "prices"
>;

function readFlags(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], options: flags, strict: true, allowPositionals: false }).values;
  } catch (error) {
    const [first] = (error as Error).message.split("\n");
    throw new CostError(`expected the options below, got: ${first}\n\n${usage}`);
  }
}

function readNumber(name: string, text: string | undefined, least: number, most: number): number | undefined {
  if (text === undefined) return undefined;
  const value = Number(text.replaceAll("_", ""));
  if (/^[\d_]*\.?\d+(e\d{1,2})?$/i.test(text) && value >= least && value <= most) return value;
  throw new CostError(`expected --${name} to be a number from ${least} to ${most}, got ${text}`);
}

function readPing(text: string | undefined): number {
  if (text === undefined) return d.pingIntervalMs;
  if (Object.hasOwn(pingIntervalsMs, text)) return pingIntervalsMs[text as keyof typeof pingIntervalsMs];
  const value = Number(text);
  if (/^\d+$/.test(text) && value >= 1_000) return value;
  throw new CostError(
    `expected --ping to be ${Object.keys(pingIntervalsMs).join(", ")} or at least 1000 milliseconds, got ${text}`,
  );
}

function readOrdering(text: string | undefined): "fifo" | "direct" {
  if (text === undefined) return d.ordering;
  if (text === "fifo" || text === "direct") return text;
  throw new CostError(`expected --ordering to be fifo or direct, got ${text}`);
}
