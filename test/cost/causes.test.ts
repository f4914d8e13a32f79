import { describe, expect, it } from "vitest";
import { reckonUsage } from "../../infra/cost/causes.ts";
import { readOperations } from "../../infra/cost/operations.ts";
import { defaultWorkload, type Workload } from "../../infra/cost/workload.ts";
import { createOperations } from "./operations.ts";

const silent: Workload = {
  ...defaultWorkload,
  ...{ connections: 100, inPerHour: 0, outPerHour: 0, rooms: 0, sessionMinutes: 120 },
};

/** A month has 30 days of 24 hours. */
const reckon = (changes: Partial<Workload>, operations = createOperations()) =>
  reckonUsage({ ...silent, ...changes }, operations);

it("a connection uses 43,200 minutes", () => {
  const usage = reckon({ connections: 1_000 });

  expect(usage["being connected"].connectionMinutes).toBe(43_200_000);
});

describe("pings", () => {
  it("are two messages each, and through the queue three requests and a run", () => {
    const { pings } = reckon(
      { connections: 10, pingIntervalMs: 240_000 },
      createOperations({
        pong: { writeUnits: 1 },
        "ping, beyond the sweep's own requests": { readUnits: 0.5 },
      }),
    );

    // 10 clients, 15 an hour, 720 hours
    expect(pings).toMatchObject({
      websocketMessages: 216_000,
      queueRequests: 324_000,
      lambdaRequests: 108_000,
      writeUnits: 108_000,
      // 200 bytes twice, of 4 KB
      readUnits: 108_000 * (400 / 4_096),
    });
  });

  it("have no queue in direct ordering", () => {
    const usage = reckon({ ordering: "direct", pingIntervalMs: 25_000 });

    expect(usage.pings.queueRequests).toBeUndefined();
    expect(usage["at rest"].queueRequests).toBeUndefined();
  });

  it.each([
    [240_000, 0],
    [480_000, 0],
    [480_001, 1],
    // at 8 and 16 of 24 minutes
    [1_440_000, 2],
  ])("every %i ms have %i noops in between", (pingIntervalMs, noops) => {
    const { pings } = reckon({ connections: 1, pingIntervalMs });

    // Whole ones in two hours, which is how long a connection lasts.
    const cycles = Math.floor(7_200_000 / pingIntervalMs) * 360;
    expect(pings.websocketMessages).toBeCloseTo(cycles * (2 + noops), 6);
  });

  it("that share a batch share its receive, its delete and its run", () => {
    // 10,000 clients, 60 s of 480: a walk of 1,250
    const { pings } = reckon({ connections: 10_000, pingIntervalMs: 480_000 });

    const count = 10_000 * 7.5 * 720;
    expect(pings.lambdaRequests).toBeCloseTo(count / 9.5, 3);
    expect(pings.queueRequests).toBeCloseTo(count * (1 + 2 / 9.5), 3);
    expect(pings.websocketMessages).toBe(2 * count);
  });

  it("are none where the interval is longer than any connection lasts: noops every 8 minutes", () => {
    const { pings } = reckon({ connections: 1, pingIntervalMs: 7_200_000, sessionMinutes: 60 });

    // at 8, 16, … 56 of 60 minutes
    expect(pings.websocketMessages).toBeCloseTo(7 * 720, 6);
    expect(pings.queueRequests).toBeUndefined();
  });

  it("under a minute apart keep the heartbeat running: 0.5 GB, 30 days", () => {
    expect(reckon({ pingIntervalMs: 25_000 })["at rest"].lambdaGbSeconds).toBe(1_296_000);
    expect(reckon({ pingIntervalMs: 60_000 })["at rest"].lambdaGbSeconds).toBe(4_320);
  });
});

it("a client's packet is a message, three requests to the queue and 20 ms of 1 GB", () => {
  const usage = reckon(
    { inPerHour: 2 },
    createOperations({ "EVENT, handler does nothing": { readUnits: 1 } }),
  );

  // 100 clients, 2 an hour, 720 hours
  expect(usage["client messages"]).toMatchObject({
    websocketMessages: 144_000,
    queueRequests: 432_000,
    lambdaRequests: 144_000,
    lambdaGbSeconds: 2_880,
    readUnits: 144_000,
  });
});

describe("timers", () => {
  const operations = createOperations({
    "EVENT, handler does nothing": { readUnits: 1 },
    "io.timer: set": { sends: 1, readUnits: 1, writeUnits: 1 },
    "an alarm of a cancelled timer": { readUnits: 1 },
    "a timer that rings": { sends: 1, readUnits: 2, writeUnits: 1 },
  });
  // 100 clients, 1 an hour, 720 hours
  const all = 72_000;

  it("are a message and a row each, an alarm, and a letter for each that rings", () => {
    const usage = reckon({ timersPerHour: 1, timersRung: 0.5 }, operations);

    expect(usage.timers).toMatchObject({
      alarmRequests: 3 * all,
      queueRequests: 3 * 0.5 * all,
      lambdaRequests: 1.5 * all,
      lambdaGbSeconds: 0.01 * all + 0.02 * 0.5 * all,
      readUnits: 1.5 * all,
      // The row, and its end: by the handler or by whoever cancels.
      writeUnits: 2 * all,
    });
  });

  it("have a queue that Lambda asks at rest, if there are any", () => {
    expect(reckon({ timersPerHour: 1 }, operations)["at rest"].alarmRequests).toBe(648_000);
    expect(reckon({})["at rest"].alarmRequests).toBeUndefined();
    expect(reckon({}).timers).toEqual({});
  });
});

it("one run in two hundred begins with a cold start of 250 ms of 1 GB", () => {
  const usage = reckon({ inPerHour: 2, connections: 1_000 });
  const runs = Object.values(usage).reduce((sum, { lambdaRequests = 0 }) => sum + lambdaRequests, 0);

  expect(usage["cold starts"].lambdaGbSeconds).toBeCloseTo((runs / 200) * 0.25, 3);
});

it("a slow handler of the app is paid for", () => {
  const usage = reckon({ inPerHour: 2, handlerMs: 80 });

  expect(usage["client messages"].lambdaGbSeconds).toBeCloseTo(14_400, 6);
});

it("an emit is a post for each recipient, and a read and 10 ms for all of them", () => {
  const usage = reckon(
    { outPerHour: 10, fanOut: 20 },
    createOperations({
      "EVENT, handler does nothing": { readUnits: 1 },
      "io.to(room).emit, 10 recipients": { readUnits: 2 },
    }),
  );

  // 100 clients, 10 an hour, 720 hours; a twentieth of them emits
  expect(usage["fan-out posts"]).toMatchObject({
    websocketMessages: 720_000,
    readUnits: 36_000,
    lambdaGbSeconds: 360,
  });
});

it("a big room is read in units of 4 KB, and posted to in waves of 64", () => {
  const usage = reckon({ outPerHour: 10, fanOut: 1_000 });

  // 720 emits, 200,000 bytes each, 16 waves
  expect(usage["fan-out posts"].readUnits).toBe(720 * 49);
  expect(usage["fan-out posts"].lambdaGbSeconds).toBeCloseTo(115.2, 6);
});

it.each([
  [32_768, 1],
  [32_769, 2],
  [131_072, 4],
])("a packet of %i bytes is metered as %i messages, both ways", (bytes, messages) => {
  const usage = reckon({ bytes, inPerHour: 1, outPerHour: 1 });

  expect(usage["client messages"].websocketMessages).toBe(72_000 * messages);
  expect(usage["fan-out posts"].websocketMessages).toBe(72_000 * messages);
});

it("half of the packets acknowledged are half as many posts", () => {
  const usage = reckon({ inPerHour: 2, acked: 0.5 }, createOperations({ "EVENT with ack": { posts: 1 } }));

  expect(usage.acks.websocketMessages).toBe(72_000);
});

describe("room events", () => {
  const counted = createOperations({
    "namespace CONNECT": { writeUnits: 5 },
    "namespace CONNECT, rooms heard": { writeUnits: 11 },
    join: { writeUnits: 2 },
    "join, rooms heard": { readUnits: 1, writeUnits: 8 },
    "close in no room": { writeUnits: 4 },
    "close in no room, rooms heard": { writeUnits: 10 },
    "close in 3 rooms": { writeUnits: 7 },
    "close in 3 rooms, rooms heard": { writeUnits: 34 },
  });

  it("add what a session costs more, with each of its rooms", () => {
    const usage = reckon({ roomEvents: true, rooms: 2 }, counted);

    // 100 clients with a session in two hours; of a room 6 units for the join, and a third of 24 - 3 for the close
    expect(usage["room events"]).toMatchObject({
      writeUnits: 36_000 * (6 + 2 * 6 + 6 + 2 * 7),
      readUnits: 36_000 * 2,
    });
  });

  it("that nobody hears use nothing", () => {
    expect(reckon({ rooms: 2 }, counted)["room events"]).toEqual({});
  });
});

it("shared maps use what their calls add to a packet", () => {
  const counted = createOperations({
    "EVENT, handler does nothing": { readUnits: 1 },
    "io.shared: get": { readUnits: 2 },
    "io.shared: set": { readUnits: 1, writeUnits: 1 },
  });

  const usage = reckon({ sharedReadsPerHour: 10, sharedWritesPerHour: 3 }, counted);

  expect(usage["shared maps"]).toMatchObject({ readUnits: 100 * 10 * 720, writeUnits: 100 * 3 * 720 });
  expect(reckon({}, counted)["shared maps"]).toEqual({});
});

it("live values are read with each packet, and with the ends of a session, by the 4 KB", () => {
  const counted = createOperations({
    "EVENT, handler does nothing": { readUnits: 1 },
    "EVENT, live values, handler does nothing": { readUnits: 2 },
    "EVENT, a live number counted": { readUnits: 2, writeUnits: 2 },
  });

  const usage = reckon({ liveKb: 10, liveWritesPerHour: 3, inPerHour: 10, sessionMinutes: 60 }, counted);

  expect(usage["live values"]).toMatchObject({
    readUnits: 100 * (10 + 2) * 3 * 720,
    writeUnits: 100 * 3 * 2 * 720,
  });
  expect(reckon({ liveWritesPerHour: 3 }, counted)["live values"]).toEqual({});
});

describe("recovery", () => {
  const counted = createOperations({
    "io.to(room).emit, 10 recipients, with recovery": { writeUnits: 2 },
    "namespace CONNECT": { writeUnits: 5 },
    "namespace CONNECT, with recovery": { writeUnits: 6 },
  });

  it("adds two units an emit and one a session", () => {
    const usage = reckon({ recovery: true, outPerHour: 10, fanOut: 10, bytes: 200 }, counted);

    // 72,000 emits, 100 clients with a session in two hours
    expect(usage["recovery log"].writeUnits).toBe(72_000 * 2 + 36_000);
  });

  it("writes a unit for each KB of a packet", () => {
    const usage = reckon({ recovery: true, outPerHour: 10, fanOut: 10, bytes: 3_000 }, counted);

    expect(usage["recovery log"].writeUnits).toBe(72_000 * 5 + 36_000);
  });

  it("that is off uses nothing", () => {
    expect(reckon({ outPerHour: 10 }, counted)["recovery log"]).toEqual({});
  });
});

it("twice as many sessions cost twice as much", () => {
  const operations = readOperations();
  const long = reckon({ sessionMinutes: 120 }, operations).connects;
  const short = reckon({ sessionMinutes: 60 }, operations).connects;

  for (const meter of ["websocketMessages", "queueRequests", "lambdaRequests", "writeUnits"] as const)
    expect(short[meter]).toBeCloseTo(2 * (long[meter] ?? NaN), 6);
});

it("clients that poll use no minutes, but a quarter of a GB all the time", () => {
  const usage = reckon({ polling: 1, connections: 1 });

  expect(usage["being connected"].connectionMinutes ?? 0).toBe(0);
  expect(usage["being connected"].lambdaGbSeconds).toBe(0.25 * 30 * 86_400);
  expect(usage["being connected"].httpRequests).toBe(180 * 720);
});

it("through the edge, bytes leave by CloudFront alone, and sessions begin with requests", () => {
  const usage = reckon({ edge: true, outPerHour: 10 });

  expect(usage["fan-out posts"].egressGb ?? 0).toBe(0);
  expect(usage["fan-out posts"].edgeGb).toBeGreaterThan(0);
  expect(usage.connects.httpRequests).toBe(4 * 36_000);
});
