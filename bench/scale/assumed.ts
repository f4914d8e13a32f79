/** What the platform of the simulation is like. Quotas are documented; latencies are what has been published by others. */
export const assumed = {
  /** Requests a second of the account, and how many may come at once. */
  quota: 10_000,
  burst: 5_000,
  /** An invocation that begins, in an environment that is there, and in a new one. */
  warmStartMs: { p50: 12, p99: 40 },
  coldStartMs: { p50: 320, p99: 600 },
  /** `PostToConnection`, and what it is answered when it is one too many. */
  postMs: { p50: 12, p99: 60 },
  refusalMs: { p50: 6, p99: 20 },
  /** A request to the table, and what a page of 1 MB takes longer. */
  tableMs: { p50: 4, p99: 15 },
  pageMs: 25,
  /** CPU of a recipient, measured, on the share of a CPU that a function of 1 GB has. */
  cpuMsOfPost: 0.149 / 0.58,
  /** A row of a member, and what a page holds. */
  memberBytes: 150,
  pageBytes: 1_000_000,
  /** Units a second that one partition gives. */
  readUnits: 3_000,
  writeUnits: 1_000,
  /** How many batches the mapping of the mailbox runs at once: at first, and more with each second. */
  mappingStart: 5,
  mappingPerSecond: 5,
  /** After which a letter whose turn has failed comes again. */
  visibilityMs: 30_000,
  /** New connections a second. */
  connects: 500,
} as const;
