import { describe, expect, it } from "vitest";
import { openedAtMs } from "../../../lib/ids.ts";
import { PollClient } from "../../support/poll-client.ts";
import { Rig, type Client, type RigOptions } from "../../support/rig.ts";

const MINUTE = 60_000;
const INTERVAL = 4 * MINUTE;
const TIMEOUT = 2 * MINUTE;

const build = (options: RigOptions = {}) =>
  new Rig(
    (io) => {
      io.on("connection", (socket) => socket.on("disconnect", () => undefined));
    },
    { connectTimeout: 10 * 60 * MINUTE, ...options },
  );

/** The schedule: a sweep every minute, clients that live answer every ping. */
async function run(
  rig: Rig,
  minutes: number,
  options: {
    answers?: readonly Client[];
    delayMs?: (minute: number) => number;
    skip?: (minute: number) => boolean;
  } = {},
): Promise<void> {
  const { answers = [], delayMs = () => 0, skip = () => false } = options;
  for (let minute = 0; minute < minutes; minute += 1) {
    const lateMs = delayMs(minute);
    await rig.advance(lateMs);
    if (!skip(minute)) await rig.sweep();
    for (const client of answers) if (client.received.includes("2")) await client.send("3");
    await rig.advance(MINUTE - lateMs);
  }
}

const count = (frames: readonly string[], frame: string) => frames.filter((each) => each === frame).length;

async function stagger(rig: Rig, clients: number, stepMs: number): Promise<Client[]> {
  const opened: Client[] = [];
  for (let i = 0; i < clients; i += 1) {
    opened.push(await rig.connect());
    await rig.clock.advance(stepMs);
  }
  return opened;
}

describe("pings", () => {
  it("go to each session once an interval, counted from its opening", async () => {
    const rig = build();
    await rig.sweep();
    const clients = await stagger(rig, 8, 30_001);

    await run(rig, 12 * 4, { answers: [] });

    for (const client of clients) {
      const pings = count(rig.transport.framesTo(client.connectionId), "2");
      // Nobody answers, so each is pinged until it is reaped.
      expect(pings).toBeGreaterThan(0);
    }
  });

  it("reach everybody exactly once an interval while they answer", async () => {
    const rig = build();
    await rig.sweep();
    const clients = await stagger(rig, 8, 31_013);
    const before = clients.map((client) => count(rig.transport.framesTo(client.connectionId), "2"));

    await run(rig, 40, { answers: clients });

    const lastSweepMs = rig.clock.nowMs() - MINUTE;
    const pings = clients.map(
      (client, index) => count(rig.transport.framesTo(client.connectionId), "2") - before[index]!,
    );
    expect(pings).toEqual(clients.map(({ sid }) => Math.floor((lastSweepMs - openedAtMs(sid)) / INTERVAL)));
    expect(Math.min(...pings)).toBe(9);
    expect(clients.filter((client) => client.isClosed)).toEqual([]);
  });

  it.each<[string, Parameters<typeof run>[2]]>([
    ["late by up to most of a minute", { delayMs: (minute) => (minute * 17_389) % 59_000 }],
    ["lost now and then", { skip: (minute) => minute % 7 === 3 }],
  ])("skip nobody when sweeps are %s", async (_, schedule) => {
    const rig = build();
    await rig.sweep();
    const clients = await stagger(rig, 8, 31_013);
    const before = clients.map((client) => count(rig.transport.framesTo(client.connectionId), "2"));

    await run(rig, 41, { answers: clients, ...schedule });

    const pings = clients.map(
      (client, index) => count(rig.transport.framesTo(client.connectionId), "2") - before[index]!,
    );
    for (const each of pings) expect([10, 11]).toContain(each);
    expect(clients.filter((client) => client.isClosed)).toEqual([]);
  });

  it("of overlapping sweeps come twice, and do no other harm", async () => {
    const rig = build({ instances: 2 });
    await rig.sweep();
    const client = await rig.connect();
    await rig.advance(INTERVAL);

    await Promise.all(rig.instances.map((instance) => rig.sweep(instance)));
    await client.send("3");
    await rig.advance(TIMEOUT + 1);
    await rig.sweep();

    expect(count(client.received, "2")).toBe(2);
    expect(client.isClosed).toBe(false);
    expect(await rig.store.listSweeps()).toHaveLength(1);
  });

  it("are not sent before the first interval is over", async () => {
    const rig = build();
    const client = await rig.connect();
    await rig.sweep();
    await rig.advance(INTERVAL - 1);
    await rig.sweep();
    const early = count(client.received, "2");

    await rig.advance(1);
    await rig.sweep();

    expect([early, count(client.received, "2")]).toEqual([0, 1]);
  });

  it("go on for sessions of an earlier interval after a deploy has changed it", async () => {
    const rig = build();
    await rig.sweep();
    const old = await rig.connect();
    const deployed = build({ pingInterval: 6 * MINUTE });
    const { app } = deployed.instances[0]!;
    rig.instances[0] = { ...rig.instances[0]!, app };

    await run(rig, 9, { answers: [old] });

    expect(count(rig.transport.framesTo(old.connectionId), "2")).toBe(2);
    expect((await rig.store.getBeat(old.sid, INTERVAL))?.lastPongAtMs).toBe(rig.clock.nowMs() - MINUTE);
    expect((await rig.store.listSweeps()).map(({ pingIntervalMs }) => pingIntervalMs).sort()).toEqual([
      INTERVAL,
      6 * MINUTE,
    ]);
  });

  it("of an earlier interval stop when no session of it can be left", async () => {
    const rig = build();
    await rig.sweep();
    const { app } = build({ pingInterval: 6 * MINUTE }).instances[0]!;
    rig.instances[0] = { ...rig.instances[0]!, app };

    await rig.advance(2.5 * 60 * MINUTE + 1);
    await rig.sweep();

    expect((await rig.store.listSweeps()).map(({ pingIntervalMs }) => pingIntervalMs)).toEqual([6 * MINUTE]);
  });

  it("find out who is gone", async () => {
    const rig = build();
    await rig.sweep();
    const client = await rig.connect();
    rig.transport.drop(client.connectionId);

    await run(rig, 6);

    expect(rig.store.countRows()).toMatchObject({ beats: 0, roomMembers: 0, namespaceMembers: 0 });
    expect((await rig.store.loadSession(client.sid, { handshake: false }))?.session.closeReason).toBe(
      "transport close",
    );
  });
});

describe("reaping", () => {
  it("ends a session whose pong is missing, within interval, timeout and a tick or two", async () => {
    const rig = build();
    await rig.sweep();
    const client = await rig.connect();

    await run(rig, 6);
    const early = client.isClosed;
    await run(rig, 2);

    expect([early, client.isClosed]).toEqual([false, true]);
    expect((await rig.store.loadSession(client.sid, { handshake: false }))?.session.closeReason).toBe(
      "ping timeout",
    );
    expect(rig.store.countRows()).toMatchObject({ beats: 0, roomMembers: 0, namespaceMembers: 0 });
  });

  it("is judged behind a pong that is still queued", async () => {
    const rig = build();
    await rig.sweep();
    const client = await rig.connect();
    await rig.advance(INTERVAL);
    await rig.sweep();
    await rig.clock.advance(MINUTE);
    await rig.sweep();
    await rig.clock.advance(MINUTE - 1);
    // In the mailbox, and not handed over yet.
    client.write("3");
    await rig.clock.advance(2);

    await rig.sweep();

    expect(rig.mailbox.sent.at(-1)).toMatchObject({ kind: "reap", sid: client.sid });
    expect(client.isClosed).toBe(false);
    expect(rig.store.countRows().beats).toBe(1);
  });

  it("happens to nobody right after an outage of the schedule, and later to whoever stays silent", async () => {
    const rig = build();
    await rig.sweep();
    const [lives, silent] = [await rig.connect(), await rig.connect()];
    await rig.advance(30 * MINUTE);

    await run(rig, 2, { answers: [lives] });
    const early = [lives.isClosed, silent.isClosed];
    await run(rig, 1, { answers: [lives] });

    expect(early).toEqual([false, false]);
    expect([lives.isClosed, silent.isClosed]).toEqual([false, true]);
  });

  it("of a session that has just left does nothing", async () => {
    const rig = build();
    await rig.sweep();
    const client = await rig.connect();
    await client.leave();

    await rig.mailbox.send({
      kind: "reap",
      sid: client.sid,
      atMs: rig.clock.nowMs(),
      pingIntervalMs: INTERVAL,
      lastPongAtMs: 0,
    });
    await rig.settle();

    expect(rig.mailbox.sent.filter(({ kind }) => kind === "closed")).toHaveLength(1);
  });
});

describe("keep-alive", () => {
  it("fills the time between pings that are further apart than the gateway's patience", async () => {
    const rig = build({ pingInterval: 24 * MINUTE });
    await rig.sweep();
    const client = await rig.connect();
    void client.received;

    await run(rig, 50, { answers: [] });

    expect(rig.transport.framesTo(client.connectionId).filter((frame) => /^[26]$/.test(frame))).toEqual([
      "6",
      "6",
      "2",
    ]);
  });

  it("goes on while the client answers", async () => {
    const rig = build({ pingInterval: 24 * MINUTE });
    await rig.sweep();
    const client = await rig.connect();

    await run(rig, 50, { answers: [client] });

    expect(rig.transport.framesTo(client.connectionId).filter((frame) => /^[26]$/.test(frame))).toEqual([
      ..."662662",
    ]);
  });

  describe("where the interval is longer than any connection lasts", () => {
    const silent = { pingInterval: 120 * MINUTE } as const;

    it("is all that a client gets, never ten minutes apart, until it is too old", async () => {
      const rig = build(silent);
      await rig.sweep();
      const client = await rig.connect();
      const openedMs = openedAtMs(client.sid);
      const sentAtMs = [openedMs];
      let closedAtMs = 0;

      for (let minute = 0; minute < 120 && closedAtMs === 0; minute += 1) {
        const before = count(rig.transport.framesTo(client.connectionId), "6");
        await rig.sweep();
        await rig.settle();
        if (count(rig.transport.framesTo(client.connectionId), "6") > before)
          sentAtMs.push(rig.clock.nowMs());
        if (client.isClosed) closedAtMs = rig.clock.nowMs();
        await rig.advance(MINUTE);
      }

      expect(rig.transport.framesTo(client.connectionId)).not.toContain("2");
      expect(sentAtMs.length).toBeGreaterThan(12);
      for (const [index, atMs] of sentAtMs.slice(1).entries()) {
        expect(atMs - sentAtMs[index]!).toBeLessThan(10 * MINUTE);
      }
      expect(closedAtMs - openedMs).toBeGreaterThanOrEqual(100 * MINUTE);
      expect(closedAtMs - openedMs).toBeLessThan(120 * MINUTE);
    });

    it("finds a connection that the gateway knows to be gone", async () => {
      const rig = build(silent);
      await rig.sweep();
      const client = await rig.connect();
      rig.transport.drop(client.connectionId);

      await run(rig, 10);
      await rig.settle();

      const closed = rig.mailbox.sent.filter(({ kind, sid }) => kind === "closed" && sid === client.sid);
      expect(closed).toHaveLength(1);
    });

    it("ends a polling session whose client has stopped to poll", async () => {
      const rig = build(silent);
      await rig.sweep();
      const client = await PollClient.connect(rig);

      await run(rig, 10);
      await rig.settle();

      const closed = rig.mailbox.sent.filter(({ kind, sid }) => kind === "closed" && sid === client.sid);
      expect(closed).toHaveLength(1);
    });
  });

  it("is not needed between pings of the default interval", async () => {
    const rig = build();
    await rig.sweep();
    const client = await rig.connect();

    await run(rig, 20, { answers: [client] });

    expect(rig.transport.framesTo(client.connectionId)).not.toContain("6");
  });
});

describe("a session that has joined no namespace", () => {
  it("is closed after connectTimeout, though OPEN was sent later than that", async () => {
    const rig = build({ connectTimeout: 45_000 });
    const [silent, joining] = [await rig.admit(), await rig.admit()];
    await rig.clock.advance(MINUTE);
    await rig.sweep();
    // Only now an instance takes the letters.
    await rig.settle();
    await joining.join();
    await rig.sweep();
    expect(silent.isClosed).toBe(false);

    await run(rig, 5, { answers: [joining] });

    expect([silent.isClosed, joining.isClosed]).toEqual([true, false]);
    const closed = await rig.store.loadSession(silent.sid, { handshake: false });
    expect(closed?.session).toMatchObject({ phase: "closed", closeReason: "forced close" });
  });

  it("is closed after connectTimeout", async () => {
    const rig = build({ connectTimeout: 45_000 });
    await rig.sweep();
    const [idle, joined] = [await rig.open(), await rig.connect()];

    await rig.advance(44_999);
    await rig.sweep();
    const early = idle.isClosed;
    await rig.advance(1);
    await rig.sweep();

    expect([early, idle.isClosed, joined.isClosed]).toEqual([false, true, false]);
    expect(rig.store.countRows().beats).toBe(1);
  });
});

describe("a session that is almost as old as a connection may get", () => {
  it.each([4, 24])(
    "is ended a while before two hours, not all at once, with pings every %s minutes",
    async (minutes) => {
      const rig = build({ pingInterval: minutes * MINUTE });
      await rig.sweep();
      const clients = await stagger(rig, 24, 0);
      const ages = new Map<Client, number>();

      for (let age = 0; age < 120; age += 1) {
        await run(rig, 1, { answers: clients });
        for (const client of clients) if (client.isClosed && !ages.has(client)) ages.set(client, age);
      }

      expect(ages.size).toBe(24);
      expect(Math.min(...ages.values())).toBeGreaterThan(100);
      expect(Math.max(...ages.values())).toBeLessThan(119);
      // Looked at every eight minutes, most of them would share one.
      if (minutes === 4) expect(new Set(ages.values()).size).toBeGreaterThan(1);
    },
  );
});

describe("a sweep that crashes", () => {
  it("is done again by the next, so nobody is skipped", async () => {
    const rig = build();
    await rig.sweep();
    const clients = await stagger(rig, 3, 1);
    await rig.advance(INTERVAL);
    const { life } = rig.instances[0]!;
    life.endsAfter = life.calls.length + 3;
    void rig.sweep();
    await rig.settle();
    rig.replace(0);

    await rig.advance(MINUTE);
    await rig.sweep();

    for (const client of clients) expect(count(client.received, "2")).toBeGreaterThan(0);
  });
});
