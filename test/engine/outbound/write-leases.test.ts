import { describe, expect, it } from "vitest";
import type { ServerOptions } from "../../../lib/socketio/server-options.ts";
import type { PostOutcome } from "../../../lib/engine/transport.ts";
import { officialVerdict } from "../../protocol/official.ts";
import { createGate, Rig, type Client } from "../../support/rig.ts";

const IMAGE = [`451-["img",{"_placeholder":true,"num":0}]`, "bAQI="];
const image = Buffer.from([1, 2]);

/** Two instances, and a client whose second frame is held up on its way. */
async function two(options: ServerOptions) {
  const rig = new Rig((io) => io.on("connection", () => undefined), { instances: 2, ...options });
  const client = await rig.connect();
  const gate = createGate();
  const held = gate.passed.then((): PostOutcome => "sent");
  rig.transport.answer(client.connectionId, "sent", held);
  const [one, other] = rig.instances.map(({ io }) => io);
  return { rig, client, gate, one: one!, other: other! };
}

const callsOf = (rig: Rig, index: number) =>
  rig.instances[index]!.life.calls.filter((call) => call.endsWith("Lease"));

/** What is left to a client after what it was greeted with. */
const verdictOf = (client: Client) => officialVerdict(client.received);

describe("two instances that write to one client", () => {
  it("break the stream of a stock client, one between the frames of the other", async () => {
    const { rig, client, gate, one, other } = await two({});

    one.emit("img", image);
    await rig.settle();
    other.emit("text", "a");
    await rig.settle();
    gate.open();
    await rig.settle();

    const frames = client.received;
    expect(frames).toEqual([IMAGE[0], '42["text","a"]', IMAGE[1]]);
    expect(officialVerdict(frames)).toBe("closes");
  });

  it('take turns with outbound: "exclusive"', async () => {
    const { rig, client, gate, one, other } = await two({ outbound: "exclusive" });

    one.emit("img", image);
    await rig.settle();
    other.emit("text", "a");
    await rig.settle();
    gate.open();
    await rig.advance(200);

    const frames = client.received;
    expect(frames).toEqual([...IMAGE, '42["text","a"]']);
    expect(officialVerdict(frames)).toMatchObject([{ data: ["img", image] }, { data: ["text", "a"] }]);
  });

  it("do so with binary of both, and in handlers", async () => {
    const rig = new Rig(
      (io) => io.on("connection", (socket) => socket.on("all", () => io.emit("img", image, image))),
      { instances: 2, outbound: "exclusive" },
    );
    const client = await rig.connect();
    const another = await rig.connect();
    const gate = createGate();
    rig.transport.answer(
      client.connectionId,
      "sent",
      gate.passed.then((): PostOutcome => "sent"),
    );

    await client.send('42["all"]');
    await another.send('42["all"]');
    gate.open();
    await rig.advance(500);

    expect(verdictOf(client)).toMatchObject([
      { data: ["img", image, image] },
      { data: ["img", image, image] },
    ]);
  });
});

describe("a lease on writing to a client", () => {
  it("costs two writes a packet", async () => {
    const { rig, one, gate } = await two({ outbound: "exclusive" });
    gate.open();

    const before = callsOf(rig, 0).length;
    one.emit("img", image);
    await rig.settle();

    expect(callsOf(rig, 0).slice(before)).toEqual(["store.takeLease", "store.endLease"]);
  });

  it("is shared by packets that queue up behind each other", async () => {
    const { rig, client, one, gate } = await two({ outbound: "exclusive" });

    const before = callsOf(rig, 0).length;
    for (const name of ["a", "b", "c"]) one.emit(name, image);
    await rig.settle();
    gate.open();
    await rig.settle();

    expect(officialVerdict(client.received)).toHaveLength(3);
    expect(callsOf(rig, 0).slice(before)).toEqual(["store.takeLease", "store.endLease"]);
  });

  it("is not asked for by pings, which fit in anywhere", async () => {
    const { rig, client, gate, one } = await two({
      outbound: "exclusive",
      pingInterval: 60_000,
      pingTimeout: 90_000,
    });
    one.emit("img", image);
    await rig.settle();
    const before = callsOf(rig, 1).length;

    const { sid, connectionId } = client;
    await rig.instances[1]!.runtime.outbound.send({ sid, route: { kind: "connection", connectionId } }, [
      "2",
    ]);
    gate.open();
    await rig.settle();

    expect(client.received).toEqual([IMAGE[0], "2", IMAGE[1]]);
    expect(callsOf(rig, 1).slice(before)).toEqual([]);
  });

  it("is not waited for by volatile packets, which are dropped", async () => {
    const { rig, client, gate, one, other } = await two({ outbound: "exclusive" });
    one.emit("img", image);
    await rig.settle();

    other.volatile.emit("now");
    await rig.settle();
    gate.open();
    await rig.advance(1_000);

    expect(client.received).toEqual(IMAGE);
    expect(client.isClosed).toBe(false);
  });

  it("of a writer that has crashed holds others up for five seconds, and no longer", async () => {
    const { rig, client, gate, other } = await two({ outbound: "exclusive" });
    gate.open();
    const nowMs = rig.clock.nowMs();
    await rig.store.takeLease({ sid: client.sid, holder: "crashed", nowMs, untilMs: nowMs + 5_000 });

    other.emit("late");
    await rig.advance(4_700);
    const early = client.received;
    await rig.advance(600);

    expect(early).toEqual([]);
    expect(client.received).toEqual(['42["late"]']);
  });

  it("that somebody else holds for ten seconds ends the session, for its stream would have a hole", async () => {
    const { rig, client, one } = await two({ outbound: "exclusive" });
    const { sid } = client;
    const untilMs = rig.clock.nowMs() + 60_000;
    await rig.store.takeLease({ sid, holder: "other", nowMs: rig.clock.nowMs(), untilMs });

    one.emit("never");
    await rig.advance(11_000);

    expect(client.received).toEqual([]);
    expect(client.isClosed).toBe(true);
    expect(rig.logged("core.recipient_dropped")).toHaveLength(1);
  });

  it("that has run out in the middle of a packet, and is somebody else's by now, ends the session, too", async () => {
    const { rig, client, gate, one } = await two({ outbound: "exclusive" });
    one.emit("imgs", image, image);
    await rig.settle();
    await rig.clock.advance(6_000);
    const { sid } = client;
    const nowMs = rig.clock.nowMs();
    await rig.store.takeLease({ sid, holder: "other", nowMs, untilMs: nowMs + 5_000 });

    gate.open();
    await rig.settle();

    expect(client.received).toHaveLength(2);
    expect(client.isClosed).toBe(true);
  });

  it("is renewed for a packet that takes long", async () => {
    const { rig, client, gate, one } = await two({ outbound: "exclusive" });
    one.emit("imgs", image, image);
    await rig.settle();
    await rig.clock.advance(4_000);

    gate.open();
    await rig.settle();

    expect(officialVerdict(client.received)).toHaveLength(1);
    expect(callsOf(rig, 0).slice(-3)).toEqual(["store.takeLease", "store.takeLease", "store.endLease"]);
  });
});
