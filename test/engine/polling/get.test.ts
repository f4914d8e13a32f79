import { describe, expect, it } from "vitest";
import type { Server } from "../../../lib/socketio/server.ts";
import { PollClient, request } from "../../support/poll-client.ts";
import { Rig } from "../../support/rig.ts";

const silent = () => undefined;
const unknown = { status: 400, body: '{"code":1,"message":"Session ID unknown"}' };

/** As processes of no test do that poll in the same half minute. */
async function countOthers({ store, clock }: Rig, count: number): Promise<void> {
  const span = Math.floor(clock.nowMs() / 30_000);
  for (let other = 0; other < count; other++) await store.countPoller(span);
}

/** Instances enough that no two requests of a test meet. */
const build = (app: (io: Server) => unknown = silent, options = {}) =>
  new Rig(app, { instances: 3, ...options });

describe("a GET with nothing to fetch", () => {
  it("is held for 20 s and ends with a noop", async () => {
    const rig = build();
    const client = await PollClient.connect(rig);

    const parked = await client.park();
    await rig.advance(19_999);
    const early = parked.isAnswered;
    await rig.advance(1);

    expect(early).toBe(false);
    expect(await parked.answer).toEqual({
      status: 200,
      headers: { "content-type": "text/plain; charset=UTF-8", "cache-control": "no-store" },
      body: "6",
    });
  });

  it("looks 8 times in its first second, 4 times a second up to the fifth, then twice, and a last time", async () => {
    const rig = build();
    const client = await PollClient.connect(rig);
    const parked = await client.park();

    const looks = [];
    for (let second = 1; second <= 20; second++) {
      const before = parked.looks;
      await rig.advance(1_000);
      looks.push(parked.looks - before);
    }

    expect(looks).toEqual([8, 4, 4, 4, 4, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 3]);
  });

  it("looks every quarter of a ping timeout that is shorter than a second", async () => {
    const rig = build(silent, { pingInterval: 300, pingTimeout: 200 });
    const client = await PollClient.open(rig);
    await client.join();
    const parked = await client.park();

    await rig.advance(1_000);

    expect(parked.looks).toBe(1_000 / 50);
  });

  it.each([
    ["2 s where more than half of the processes that there may be poll", 4, 2_000],
    ["20 s where half of them do", 3, 20_000],
  ])("is held for %s", async (_, polling, heldMs) => {
    const rig = build(silent, { pollCapacity: 6 });
    const client = await PollClient.connect(rig);
    await countOthers(rig, polling - 1);

    const parked = await client.park();
    await rig.advance(heldMs - 1);
    const early = parked.isAnswered;
    await rig.advance(1);

    expect([early, parked.isAnswered]).toEqual([false, true]);
  });

  it("is held for 20 s again a minute after those who polled have gone", async () => {
    const rig = build(silent, { pollCapacity: 6 });
    const client = await PollClient.connect(rig);
    await countOthers(rig, 6);
    const brief = await client.park();
    await rig.advance(60_000);
    expect(brief.isAnswered).toBe(true);

    const parked = await client.park();
    await rig.advance(19_999);

    expect(parked.isAnswered).toBe(false);
  });

  it("is counted once in half a minute and process, by a write and a read", async () => {
    const rig = build(silent, { pollCapacity: 100, instances: 1 });
    const counts: number[] = [];
    const { countPoller } = rig.store;
    rig.store.countPoller = (span) => {
      counts.push(span);
      return countPoller(span);
    };
    const client = await PollClient.connect(rig);
    for (let gets = 0; gets < 6; gets++) {
      const parked = await client.park();
      await rig.advance(20_000);
      await parked.answer;
    }

    expect(counts.length).toBeGreaterThan(3);
    expect(counts).toEqual(counts.map((_, index) => counts[0]! + index));
  });

  it("is held for 2 s while its session is younger than 10 s", async () => {
    const rig = build();
    const client = await PollClient.open(rig);
    const parked = await client.park();

    await rig.advance(1_999);
    const early = parked.isAnswered;
    await rig.advance(1);

    expect([early, parked.isAnswered]).toEqual([false, true]);
    expect(parked.looks).toBe(13);
  });

  it("is held for as long as the app says", async () => {
    const rig = build(silent, { pollHold: 5_000 });
    const client = await PollClient.connect(rig);
    const parked = await client.park();

    await rig.advance(4_999);
    const early = parked.isAnswered;
    await rig.advance(1);

    expect([early, parked.isAnswered]).toEqual([false, true]);
  });

  it("costs two writes beside its looks", async () => {
    const rig = new Rig(silent);
    const client = await PollClient.connect(rig);
    const { calls } = rig.instances[0]!.life;
    const before = calls.length;

    const parked = await client.park();
    await rig.advance(20_000);
    await parked.answer;

    const others = calls.slice(before).filter((call) => call !== "store.readOutbox");
    expect(others).toEqual(["store.openGet", "store.endGet"]);
  });

  it("answers nothing that comes after it", async () => {
    const rig = build();
    const client = await PollClient.connect(rig);
    const parked = await client.park();
    await rig.advance(20_000);
    await parked.answer;

    rig.io.emit("late");
    await rig.io.flush();

    expect(await client.fetch()).toBe('42["late"]');
  });
});

describe("a GET", () => {
  it("is answered at once with what is there, in one body", async () => {
    const rig = build();
    const client = await PollClient.connect(rig);
    rig.io.emit("a", 1);
    rig.io.emit("b", Buffer.of(1, 2), "c");
    await rig.io.flush();

    const { looks, answer } = await client.park();

    expect((await answer).body).toBe('42["a",1]\x1e451-["b",{"_placeholder":true,"num":0},"c"]\x1ebAQI=');
    expect(looks).toBe(0);
  });

  it.each([
    ["in its first moments", 10, 50],
    ["in its first seconds", 4_000, 250],
    ["later", 12_000, 500],
  ])("that waits is answered soon after something came, %s", async (_, afterMs, withinMs) => {
    const rig = build();
    const client = await PollClient.connect(rig);
    const parked = await client.park();
    await rig.advance(afterMs);

    rig.io.emit("now");
    await rig.io.flush();
    await rig.advance(withinMs);

    expect(parked.isAnswered).toBe(true);
    expect((await parked.answer).body).toBe('42["now"]');
  });

  it("beside another one is refused, the other is told to stop, and the session ends", async () => {
    const left: unknown[] = [];
    const rig = build((io) => {
      io.on("connection", (socket) => socket.on("disconnect", (reason) => left.push(reason)));
    });
    const client = await PollClient.connect(rig);
    const first = await client.park();

    const second = await client.get();
    await rig.settle();
    await rig.advance(50);

    expect(second).toMatchObject({ status: 400, body: "" });
    expect(await first.answer).toMatchObject({ status: 200, body: "1" });
    expect(left).toEqual(["transport error"]);
    expect(await client.get()).toMatchObject(unknown);
  });

  it("after one whose instance crashed is no second one, once that one's time is up", async () => {
    const rig = build(silent, { instances: 1 });
    const client = await PollClient.connect(rig);
    await client.park();
    rig.instances[0]!.life.endsAfter = 1;
    rig.replace(0);
    await rig.advance(21_001);

    rig.io.emit("kept");
    await rig.io.flush();

    expect(await client.fetch()).toBe('42["kept"]');
  });

  it("of a client that has not polled for a minute ends the session", async () => {
    const left: unknown[] = [];
    const rig = build((io) => {
      io.on("connection", (socket) => socket.on("disconnect", (reason) => left.push(reason)));
    });
    const client = await PollClient.connect(rig);
    const last = await client.park();
    await rig.advance(20_000);
    await last.answer;

    await rig.advance(60_001);
    const late = await client.get();
    await rig.settle();

    expect(late).toMatchObject(unknown);
    expect(left).toEqual(["ping timeout"]);
  });

  it("of a client that was a minute late, and no more, is held", async () => {
    const rig = build();
    const client = await PollClient.connect(rig);
    const last = await client.park();
    await rig.advance(20_000);
    await last.answer;
    await rig.advance(60_000);

    expect((await client.park()).isAnswered).toBe(false);
  });

  it.each(["AAAAAAAAAAAAAAAAAAAA", "__proto__", "short"])(
    "for %s is refused: there is no such session",
    async (sid) => {
      const rig = build();

      expect(await request(rig, { query: { sid } })).toMatchObject(unknown);
      expect(await request(rig, { query: { sid }, body: "40" })).toMatchObject(unknown);
    },
  );

  it.each([
    ["GET", {}],
    ["POST", { body: '42["x"]' }],
  ])("or POST is refused when the session has moved to a WebSocket: %s", async (_, given) => {
    const rig = build();
    const client = await PollClient.connect(rig);
    await client.upgrade();

    const { status, body } = await request(rig, { ...given, query: { sid: client.sid } });

    expect([status, body]).toEqual([400, '{"code":3,"message":"Bad request"}']);
  });

  it("that speaks another protocol version than its session is a bad request, and harms nobody", async () => {
    const rig = build(silent, { allowEIO3: true });
    const client = await PollClient.connect(rig);

    const known = await client.get({ query: { EIO: "3" } });
    const unheardOf = await request(rig, { query: { EIO: "3", sid: "AAAAAAAAAAAAAAAAAAAA" } });

    expect([known.status, known.body]).toEqual([400, '{"code":3,"message":"Bad request"}']);
    await expect(rig.admit({ sid: client.sid, EIO: "3" })).rejects.toThrow("Bad request");
    expect(unheardOf).toMatchObject(unknown);
    expect((await client.park()).isAnswered).toBe(false);
  });

  it.each(["PUT", "DELETE", "HEAD", "PATCH"])(
    "is no %s: that is an error, and harms nobody",
    async (method) => {
      const rig = build();
      const client = await PollClient.connect(rig);

      const { status } = await request(rig, { method, query: { sid: client.sid } });

      expect(status).toBe(500);
      expect((await client.park()).isAnswered).toBe(false);
    },
  );
});
