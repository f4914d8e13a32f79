/** What neither a price list nor a count of requests says. No bill has been seen yet. */
export const assumptions = {
  hoursPerMonth: 720,

  /** Memory of the functions, as in serverless.yml. */
  connectGb: 0.5,
  pollGb: 0.25,
  inboxGb: 1,
  heartbeatGb: 0.5,
  /** Billed durations. */
  authorizeMs: 15,
  turnMs: 20,
  pongMs: 10,
  pollRequestMs: 20,
  heartbeatRunMs: 200,
  /** INIT, billed since August 2025, and the share of the runs that have one: docs/decisions/0023-cold-start.md. */
  coldStartMs: 250,
  coldStarts: 0.005,
  /** Up to 64 posts are under way at once. */
  postsAtOnce: 64,
  postMs: 10,
  /** Of a whole processor, which a function has from so many GB on: `npm run bench:function` measures it. */
  measured: { vcpuGb: 1.769, eventCpuMs: 0.9, postCpuMs: 0.04, coldStartCpuMs: 50 },
  /** The heartbeat posts to fifty connections at once. */
  heartbeatPostsAtOnce: 50,

  /**
   * Pongs that share a batch, by the pings of one walk: those of a walk come back together. `npm run bench:pongs` counts
   * them on the local queue, test/cost/pong-batches.test.ts compares.
   */
  pongsPerBatch: [
    [1, 1],
    [20, 1.1],
    [40, 1.5],
    [60, 2.1],
    [100, 3.4],
    [125, 4],
    [250, 6.9],
    [500, 8.9],
    [1_250, 9.5],
    [2_500, 9.8],
  ],
  /** The heartbeat walks once a minute; where pings are less than a minute apart, once a second. */
  walkMs: 60_000,
  shortWalkMs: 1_000,
  /** Connections are ended before API Gateway ends them: at 110 to 118 minutes. */
  longestSessionMinutes: 114,
  /** A frame that API Gateway puts into the queue is sent, received and deleted, each alone when there is little to do. */
  queueRequestsPerFrame: 3,
  /** An alarm is received and deleted, alone. */
  alarmRequestsPerRing: 2,
  /** Five pollers of Lambda, each waiting 20 s at an empty queue. */
  idleQueueRequestsPerHour: 5 * 180,
  /** Of an idle heartbeat; test/docs/rest-cost.test.ts counts them. */
  sweepReadUnits: 31,
  sweepWriteUnits: 1,

  /** A member of a room, as a query reads it. */
  memberRowBytes: 200,
  /** What says when a connection is pinged next. */
  beatRowBytes: 200,
  /** All rows of a connection that stays. */
  connectionRowBytes: 4_096,
  /** What a logged packet has besides itself. */
  logRowBytes: 200,
  /** Expired rows are deleted within a few days. */
  expiredRowDays: 2,

  /** START, END and REPORT of an invocation. */
  platformLogBytes: 300,
  /** The line of metrics that a run writes at most, and what that of a close has more: test/cost/log-lines.test.ts. */
  metricsLogBytes: 450,
  closeLogBytes: 70,
  accessLogBytes: 400,
  /** The answer of a route. */
  routeBytes: 5_000,
  customMetrics: 30,
  alarmMetrics: 23,
  /** Of the function of an app's routes. */
  routeAlarmMetrics: 2,

  /** Around a packet: its prefix, WebSocket, TLS and TCP. */
  frameBytes: 60,
  ackBytes: 40,
  /** OPEN and CONNECT, with the handshake of TLS. */
  connectBytes: 5_000,

  /** A GET that finds nothing is held for so long. */
  pollHeldMs: 20_000,

  keepAliveMs: 480_000,

  /** One container of half a vCPU and 1 GB. */
  containerVcpu: 0.5,
  containerGb: 1,
  containers: 3,
  connectionsPerContainer: 5_000,
  packetsPerContainerSecond: 5_000,
  officialPingIntervalMs: 25_000,
  /** The adapter of one small node: packets published, times the containers that each goes to. */
  redisDeliveriesPerSecond: 50_000,
  loadBalancerAddresses: 2,
  newConnectionsPerCapacityUnit: 25,
  openConnectionsPerCapacityUnit: 3_000,
} as const;
