/** What clients do, on the average of a month. */
export interface Workload {
  /** Open at once. */
  readonly connections: number;
  /** Packets that each client sends in an hour. */
  readonly inPerHour: number;
  /** Packets that each client gets in an hour, acks and pings aside. */
  readonly outPerHour: number;
  /** Recipients of one emit. */
  readonly fanOut: number;
  /** Of a packet. */
  readonly bytes: number;
  readonly pingIntervalMs: number;
  readonly ordering: "fifo" | "direct";
  /** Whether `connectionStateRecovery` is on. */
  readonly recovery: boolean;
  /** Share of the packets sent that ask for an ack, 0 to 1. */
  readonly acked: number;
  /** Share of the clients that never get further than polling, 0 to 1. */
  readonly polling: number;
  /** How long a connection lasts; API Gateway ends it after two hours. */
  readonly sessionMinutes: number;
  /** That a client joins when it connects. */
  readonly rooms: number;
  /** Timers that each client sets in an hour, for less than 15 minutes. */
  readonly timersPerHour: number;
  /** Share of them that ring, 0 to 1: the others are cancelled, or replaced. */
  readonly timersRung: number;
  /** Whether somebody listens to rooms. */
  readonly roomEvents: boolean;
  /** Reads of `io.shared` for each client in an hour, of entries of up to 4 KB. */
  readonly sharedReadsPerHour: number;
  /** Writes of it, of entries of up to 1 KB. */
  readonly sharedWritesPerHour: number;
  /** How much there is of all live values together; 0: the app has none. */
  readonly liveKb: number;
  /** Packets of each client in an hour that change one, of up to 1 KB. */
  readonly liveWritesPerHour: number;
  /** Requests for the app's own routes, of each client in an hour. */
  readonly routesPerHour: number;
  /** How long a handler of the app takes, or a route, besides what the library does. */
  readonly handlerMs: number;
  /** CloudFront in front; clients then begin with polling, as they do by default. */
  readonly edge: boolean;
  /** Whether the alarms, the dashboard and the functions' own metrics are on. */
  readonly monitoring: boolean;
  /** How many times the average the busiest hour has: containers must be there for it. */
  readonly peak: number;
}

/** The presets of infra/heartbeat.yml. */
export const pingIntervalsMs = {
  silent: 7_200_000,
  economy: 1_440_000,
  steady: 480_000,
  balanced: 240_000,
  official: 25_000,
} as const;

export const defaultWorkload: Workload = {
  connections: 1_000,
  inPerHour: 10,
  outPerHour: 100,
  fanOut: 10,
  bytes: 200,
  pingIntervalMs: pingIntervalsMs.steady,
  ordering: "fifo",
  recovery: false,
  acked: 0,
  polling: 0,
  sessionMinutes: 60,
  rooms: 1,
  timersPerHour: 0,
  timersRung: 1,
  roomEvents: false,
  sharedReadsPerHour: 0,
  sharedWritesPerHour: 0,
  liveKb: 0,
  liveWritesPerHour: 0,
  routesPerHour: 0,
  handlerMs: 0,
  edge: false,
  monitoring: true,
  peak: 2,
};

/** The two of docs/cost.md. */
export const workloads = {
  quiet: { ...defaultWorkload, inPerHour: 1, outPerHour: 6 },
  chatty: { ...defaultWorkload, inPerHour: 60, outPerHour: 600, acked: 1 },
} as const satisfies Record<string, Workload>;
