export interface MetricKind {
  readonly unit: "Count" | "Milliseconds";
  /** Its values are told apart by this dimension; without one, by a longer name: `DeliveriesGone`. */
  readonly dimension?: string;
}

const count: MetricKind = { unit: "Count" };

/**
 * What is counted. What happens often is told apart by a few words of our own, each a metric of its own. What is rare
 * is told apart by an open list of codes, in a dimension: counted once without it, for alarms, and once with it.
 */
export const metrics = {
  ConnectionsOpened: count,
  ConnectionsClosed: { unit: "Count", dimension: "reason" },
  ConnectionsRefused: { unit: "Count", dimension: "code" },
  PacketsReceived: count,
  TurnDuration: { unit: "Milliseconds" },
  TurnsWaiting: count,
  Deliveries: count,
  PostsRefused: count,
  FramesReordered: count,
  AcksAwaited: count,
  AcksMissed: count,
  Recoveries: count,
  SharedConflicts: count,
  LiveConflicts: count,
  Errors: { unit: "Count", dimension: "code" },
  Warnings: { unit: "Count", dimension: "code" },
} as const satisfies Readonly<Record<string, MetricKind>>;

export type MetricName = keyof typeof metrics;

/**
 * Where the core counts what happens. MUST NOT throw and MUST NOT take time: it is called in the middle of turns.
 */
export interface Metrics {
  /** `value` is 1 unless given; `by` is what `metrics` tells this one apart by. */
  add(name: MetricName, value?: number, by?: string): void;
}

export const noMetrics: Metrics = { add: () => undefined };
