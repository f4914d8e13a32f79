import { assumptions } from "./assumptions.ts";
import type { OperationCalls, OperationName, Operations } from "./operations.ts";
import type { Usage } from "./prices.ts";
import { sumUsage, times, toGb } from "./usage.ts";
import type { Workload } from "./workload.ts";

/** API Gateway meters a message for each 32 KB begun. */
const MESSAGE_BYTES = 32_768;
const READ_UNIT_BYTES = 4_096;
const WRITE_UNIT_BYTES = 1_024;

/** What single things use; `causes.ts` says how often they happen. */
export type Steps = ReturnType<typeof createSteps>;

export function createSteps(operations: Operations, workload: Workload) {
  const { bytes, fanOut, ordering, edge, monitoring, handlerMs } = workload;
  const messages = (size: number): Usage => ({
    websocketMessages: Math.max(1, Math.ceil(size / MESSAGE_BYTES)),
  });

  const toClient = (size: number): Usage => ({ [edge ? "edgeGb" : "egressGb"]: toGb(size) });

  const invocation = (ms: number, gb: number, isMeasured = true): Usage => ({
    lambdaRequests: 1,
    lambdaGbSeconds: (ms / 1_000) * gb,
    logGb: toGb(assumptions.platformLogBytes + (isMeasured && monitoring ? assumptions.metricsLogBytes : 0)),
  });

  const turn = (ms: number = assumptions.turnMs, isMeasured = true): Usage =>
    invocation(ms, assumptions.inboxGb, isMeasured);

  /** A letter to the inbox: through the queue, or as an invocation. */
  const letter = (ms?: number, isMeasured?: boolean): Usage =>
    sumUsage(
      ordering === "fifo" ? { queueRequests: assumptions.queueRequestsPerFrame } : {},
      turn(ms, isMeasured),
    );

  const table = (...names: readonly OperationName[]): Usage =>
    toTable(...names.map((name) => operations[name]));

  /** One frame to a connection. */
  const post = (size: number = bytes): Usage =>
    sumUsage(messages(size), toClient(size + assumptions.frameBytes));

  const frame = (ms?: number, size = bytes): Usage => sumUsage(messages(size), letter(ms));

  const httpRequest = (ms: number = assumptions.pollRequestMs): Usage =>
    sumUsage(invocation(ms, assumptions.pollGb), {
      httpRequests: 1,
      logGb: toGb(assumptions.accessLogBytes),
      ...(edge ? { edgeRequests: 1 } : {}),
    });

  /** Of the app's own: the HTTP API, and the function behind it, which has as much memory as the inbox. */
  const route = (): Usage =>
    sumUsage(
      invocation(assumptions.turnMs + handlerMs, assumptions.inboxGb),
      { httpRequests: 1, logGb: toGb(assumptions.accessLogBytes), ...(edge ? { edgeRequests: 1 } : {}) },
      toClient(assumptions.routeBytes),
    );

  const heartbeatPostGbSeconds =
    (assumptions.postMs / assumptions.heartbeatPostsAtOnce / 1_000) * assumptions.heartbeatGb;

  return {
    post,
    route: route(),

    /** A client's packet, and the answer to it where there is one. */
    packet: sumUsage(frame(assumptions.turnMs + handlerMs), table("EVENT, handler does nothing")),
    ack: times(operations["EVENT with ack"].posts, post(assumptions.ackBytes)),
    /** The same of a client that polls. */
    polledPacket: sumUsage(
      httpRequest(),
      letter(assumptions.turnMs + handlerMs),
      table("POST with one event", "EVENT out of a POST, handler does nothing"),
    ),
    polledAck: sumUsage(
      minus(
        operations["EVENT out of a POST, with ack"],
        operations["EVENT out of a POST, handler does nothing"],
      ),
      toClient(assumptions.ackBytes + assumptions.frameBytes),
    ),

    /** An emit beyond the packet that made it: who is there, and the time that the posts take. */
    emit: {
      readUnits: Math.max(
        operations["io.to(room).emit, 10 recipients"].readUnits -
          operations["EVENT, handler does nothing"].readUnits,
        Math.ceil((fanOut * assumptions.memberRowBytes) / READ_UNIT_BYTES),
      ),
      lambdaGbSeconds:
        (Math.ceil(fanOut / assumptions.postsAtOnce) * assumptions.postMs * assumptions.inboxGb) / 1_000,
    } satisfies Usage,
    /** A packet into the box of a client that polls. */
    boxed: sumUsage(
      { writeUnits: perRecipient(operations["io.to(room).emit, 10 polling members"]) * kilobytes(bytes) },
      toClient(bytes + assumptions.frameBytes),
    ),
    /** How such a client gets it: the GET that waits ends early, and another one begins. */
    foundGet: sumUsage(httpRequest(), table("GET that finds something")),

    /** What recovery adds to an emit: the packet, and that its posts have ended. */
    logged: {
      writeUnits:
        operations["io.to(room).emit, 10 recipients, with recovery"].writeUnits -
        operations["io.to(room).emit, 10 recipients"].writeUnits +
        kilobytes(bytes + assumptions.logRowBytes) -
        1,
    } satisfies Usage,
    loggedConnect: minus(operations["namespace CONNECT, with recovery"], operations["namespace CONNECT"]),

    sharedRead: minus(operations["io.shared: get"], operations["EVENT, handler does nothing"]),
    sharedWrite: minus(operations["io.shared: set"], operations["EVENT, handler does nothing"]),
    /** What live values add to a batch of letters, of up to 4 KB of them; and a change of one of up to 1 KB. */
    liveRead: minus(
      operations["EVENT, live values, handler does nothing"],
      operations["EVENT, handler does nothing"],
    ),
    liveWrite: minus(
      operations["EVENT, a live number counted"],
      operations["EVENT, live values, handler does nothing"],
    ),
    /** What a session costs more where somebody listens to rooms. */
    heardSession: sumUsage(
      minus(operations["namespace CONNECT, rooms heard"], operations["namespace CONNECT"]),
      times(workload.rooms, minus(operations["join, rooms heard"], operations.join)),
      minus(operations["close in no room, rooms heard"], operations["close in no room"]),
      times(
        workload.rooms / 3,
        minus(operations["close in 3 rooms, rooms heard"], operations["close in no room, rooms heard"]),
      ),
      times(-workload.rooms / 3, minus(operations["close in 3 rooms"], operations["close in no room"])),
    ),

    // Its row is read twice a cycle: to ping, and to see who has not answered.
    ping: sumUsage(post(1), {
      readUnits: (2 * assumptions.beatRowBytes) / READ_UNIT_BYTES,
      lambdaGbSeconds: heartbeatPostGbSeconds,
    }),
    pong: sumUsage(messages(1), sharedLetter(), table("pong")),
    keepAlive: sumUsage(times(operations["keep-alive, beyond the sweep's own requests"].posts, post(1)), {
      readUnits: assumptions.beatRowBytes / READ_UNIT_BYTES,
      lambdaGbSeconds: heartbeatPostGbSeconds,
    }),
    // A GET that waits takes the ping along when it ends, which is paid for with being connected.
    polledPing: sumUsage(
      { writeUnits: 1 },
      httpRequest(),
      letter(assumptions.pongMs, false),
      table("POST with a pong, and the pong"),
    ),

    /** Setting one, and its alarm, which is read whether or not it is still in force. */
    timer: sumUsage(
      minus(operations["io.timer: set"], operations["EVENT, handler does nothing"]),
      { alarmRequests: operations["io.timer: set"].sends + assumptions.alarmRequestsPerRing },
      turn(assumptions.pongMs),
      table("an alarm of a cancelled timer"),
    ),
    /** What comes of an alarm that is in force. */
    ringing: sumUsage(
      letter(assumptions.turnMs + handlerMs),
      minus(operations["a timer that rings"], operations["an alarm of a cancelled timer"]),
    ),
    cancelled: { writeUnits: 1 } satisfies Usage,

    /** From the first request to the namespace, and the end. */
    session: sumUsage(
      edge ? beginWithPolling() : beginWithSocket(),
      connectFrame(),
      times(workload.rooms, { writeUnits: operations.join.writeUnits }),
      letter(),
      close(),
      toClient(assumptions.connectBytes),
    ),
    polledSession: sumUsage(
      times(3, httpRequest()),
      table("polling handshake", "POST with one event", "namespace CONNECT", "GET that finds something"),
      letter(),
      times(workload.rooms, { writeUnits: operations.join.writeUnits }),
      letter(),
      close(),
      toClient(assumptions.connectBytes),
    ),

    /** A second of a GET that waits. */
    heldSecond: {
      lambdaGbSeconds: assumptions.pollGb,
      readUnits: heldReadsPerSecond(),
    } satisfies Usage,
    /** Its beginning and end, each time. */
    heldGet: sumUsage(httpRequest(0), table("GET that finds something")),
  };

  /** A pong comes with those of the same walk: only its send is its own. */
  function sharedLetter(): Usage {
    const perBatch = ordering === "fifo" ? pongsPerBatch(workload) : 1;
    const { queueRequestsPerFrame } = assumptions;
    return sumUsage(
      ordering === "fifo" ? { queueRequests: 1 + (queueRequestsPerFrame - 1) / perBatch } : {},
      // Signs of life are not counted.
      times(1 / perBatch, turn(assumptions.pongMs, false)),
      // A run is as long as it has pongs in it, at most: they are one write each, side by side.
    );
  }

  /** Who is admitted is counted by nobody; who closes is counted once more, by reason, in the same line. */
  function authorization(): Usage {
    return invocation(assumptions.authorizeMs, assumptions.connectGb, false);
  }

  /** Each room of a connection is as much more as each of the three that were counted. */
  function close(): Usage {
    const [none, three] = [operations["close in no room"], operations["close in 3 rooms"]];
    return sumUsage(
      toTable(none),
      times(workload.rooms / 3, minus(three, none)),
      monitoring ? { logGb: toGb(assumptions.closeLogBytes) } : {},
    );
  }

  function connectFrame(): Usage {
    const { posts } = operations["namespace CONNECT"];
    return sumUsage(frame(), table("namespace CONNECT"), times(posts, post()));
  }

  function beginWithSocket(): Usage {
    return sumUsage(
      authorization(),
      letter(),
      table("connect (authorizer)", "OPEN"),
      times(operations.OPEN.posts, post()),
    );
  }

  /** OPEN, CONNECT and its answer over HTTP; then the probe, the upgrade, and the last GET. */
  function beginWithPolling(): Usage {
    const { posts } = operations["upgrade in 0 rooms"];
    return sumUsage(
      times(4, httpRequest()),
      { edgeRequests: 1 },
      authorization(),
      times(2, frame(undefined, 1)),
      times(posts, post(1)),
      letter(),
      table("polling handshake", "GET that finds something", "upgrade in 0 rooms"),
    );
  }

  /** Of a GET that is held to its end: five seconds of one kind, the rest of the other. */
  function heldReadsPerSecond(): number {
    const first = operations["idle poll, a second of its first five"].readUnits;
    const later = operations["idle poll, a second after those"].readUnits;
    const seconds = assumptions.pollHeldMs / 1_000;
    return (5 * first + (seconds - 5) * later) / seconds;
  }
}

/** As measured for the largest walk that is no larger than those of this workload. */
function pongsPerBatch({ connections, polling, pingIntervalMs }: Workload): number {
  const walkMs = pingIntervalMs < assumptions.walkMs ? assumptions.shortWalkMs : assumptions.walkMs;
  const pings = connections * (1 - polling) * Math.min(1, walkMs / pingIntervalMs);
  return assumptions.pongsPerBatch.findLast(([least]) => least <= pings)?.[1] ?? 1;
}

const toTable = (...calls: readonly OperationCalls[]): Usage => ({
  readUnits: calls.reduce((sum, { readUnits }) => sum + readUnits, 0),
  writeUnits: calls.reduce((sum, { writeUnits }) => sum + writeUnits, 0),
});

const minus = (all: OperationCalls, part: OperationCalls): Usage => ({
  readUnits: all.readUnits - part.readUnits,
  writeUnits: all.writeUnits - part.writeUnits,
});

const perRecipient = ({ writeUnits }: OperationCalls): number => writeUnits / 10;
const kilobytes = (bytes: number): number => Math.max(1, Math.ceil(bytes / WRITE_UNIT_BYTES));
