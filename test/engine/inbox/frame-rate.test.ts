import { describe, expect, it } from "vitest";
import { resolveEngineOptions } from "../../../lib/engine/engine-options.ts";
import { FrameRates } from "../../../lib/engine/inbox/frame-rates.ts";
import type { Server } from "../../../lib/socketio/server.ts";
import { sidOf } from "../../state/fixtures.ts";
import { PollClient } from "../../support/poll-client.ts";
import { Rig } from "../../support/rig.ts";

/** Two clients on one instance, and what ran of the first one's events. */
async function build(maxFramesPerMinute: number) {
  const ran: unknown[] = [];
  const rig = new Rig(
    (io: Server) => {
      io.on("connection", (socket) => {
        socket.on("x", (index: number) => ran.push(index));
        socket.on("echo", (ack: () => void) => ack());
      });
    },
    { maxFramesPerMinute },
  );
  const bystander = await rig.connect();
  return { rig, ran, bystander };
}

const events = (from: number, to: number): string[] =>
  Array.from({ length: to - from }, (_, index) => `42["x",${from + index}]`);

describe("a client that sends more frames in a minute than it may", () => {
  it("is disconnected at the first of them, and it alone, over a WebSocket", async () => {
    const { rig, ran, bystander } = await build(20);
    const client = await rig.connect();

    await client.send(...events(1, 20));
    const before = client.isClosed;
    await client.send(...events(20, 25));

    expect(before).toBe(false);
    expect(client.isClosed).toBe(true);
    expect(ran).toEqual(Array.from({ length: 19 }, (_, index) => index + 1));
    expect(rig.logs.filter(({ code }) => code === "core.too_many_frames")).toEqual([
      expect.objectContaining({ level: "info", limit: 20 }),
    ]);
    await bystander.send('421["echo"]');
    expect(bystander.received.at(-1)).toBe("431[]");
  });

  it("is disconnected over polling, where every packet of a POST is one", async () => {
    const { rig, ran, bystander } = await build(20);
    const client = await PollClient.connect(rig);

    await client.post(events(0, 15).join("\x1e"));
    await client.post(events(15, 30).join("\x1e"));
    await rig.settle();

    expect(ran).toEqual(Array.from({ length: 15 }, (_, index) => index));
    expect((await client.post("3")).status).toBe(400);
    expect(bystander.isClosed).toBe(false);
  });

  it("is no other's fault, and is forgotten with the minute", async () => {
    const { rig, ran } = await build(20);
    const clients = [await rig.connect(), await rig.connect()];

    for (let minute = 0; minute < 3; minute++) {
      for (const client of clients) await client.send(...events(0, 18));
      await rig.advance(60_000);
    }

    expect(ran).toHaveLength(3 * 2 * 18);
    expect(clients.map(({ isClosed }) => isClosed)).toEqual([false, false]);
  });

  it("costs no request to find out", async () => {
    const callsWith = async (most: number) => {
      const { rig } = await build(most);
      const client = await rig.connect();
      const { calls } = rig.instances[0]!.life;
      const before = calls.length;
      await client.send(...events(0, 10));
      return calls.slice(before);
    };

    expect(await callsWith(20)).toEqual(await callsWith(1_000_000));
  });
});

describe("the count of frames", () => {
  const minute = 60_000;

  it("goes by the gateway's time, so that what has waited is not taken for a flood", () => {
    const rates = new FrameRates(2);

    const found = [0, 1, minute, minute + 1, 2 * minute].map((atMs) => rates.add(sidOf(1), atMs, 1));

    expect(found).toEqual([undefined, undefined, undefined, undefined, undefined]);
    expect(rates.add(sidOf(1), 2 * minute, 2)).toMatchObject({ code: "core.too_many_frames", limit: 2 });
  });

  it("remembers ten thousand sessions, and forgets the oldest", () => {
    const rates = new FrameRates(1);
    rates.add(sidOf(0), 0, 1);
    for (let index = 1; index <= 10_000; index++) rates.add(sidOf(index), 0, 1);

    expect(rates.add(sidOf(0), 0, 1)).toBeUndefined();
    expect(rates.add(sidOf(10_000), 0, 1)).toBeDefined();
  });

  it("allows the backlog of one POST, and a minute of sixty packets a second behind it", () => {
    const { maxPacketsPerPayload, maxFramesPerMinute } = resolveEngineOptions({}, {});

    expect(maxFramesPerMinute).toBe(30_000);
    expect(maxFramesPerMinute).toBeGreaterThan(maxPacketsPerPayload + 60 * 60);
  });
});
