import { describe, expect, it } from "vitest";
import type { Server } from "../../../lib/socketio/server.ts";
import { PollClient, request } from "../../support/poll-client.ts";
import { createGate, Rig } from "../../support/rig.ts";

const accepted = {
  status: 200,
  headers: { "content-type": "text/html", "cache-control": "no-store" },
  body: "ok",
};
const unknown = { status: 400, body: '{"code":1,"message":"Session ID unknown"}' };

/** Events that ran, and why sockets left. */
function build(options = {}) {
  const ran: unknown[] = [];
  const left: string[] = [];
  const install = (io: Server) => {
    io.on("connection", (socket) => {
      socket.onAny((...args: unknown[]) => ran.push(args));
      socket.on("echo", (...args: unknown[]) => socket.emit("echoed", ...args));
      socket.on("disconnect", (reason) => left.push(reason));
    });
  };
  return { rig: new Rig(install, { instances: 3, ...options }), ran, left };
}

describe("a POST", () => {
  it("is answered before any handler has run", async () => {
    const { rig, ran } = build();
    const client = await PollClient.connect(rig);

    const answer = await client.post('42["x"]');
    const before = [...ran];
    await rig.settle();

    expect(answer).toEqual(accepted);
    expect(before).toEqual([]);
    expect(ran).toEqual([["x"]]);
  });

  it("is answered while a handler of the same session still waits", async () => {
    const gate = createGate();
    const rig = new Rig(
      (io) => {
        io.on("connection", (socket) => {
          socket.on("wait", async (ack: () => void) => {
            await gate.passed;
            ack();
          });
          socket.on("quick", (ack: () => void) => ack());
        });
      },
      { instances: 3 },
    );
    const client = await PollClient.connect(rig);
    await client.send('421["wait"]');

    const answer = await client.post('422["quick"]');
    await rig.advance(25);
    const first = await client.fetch();
    gate.open();
    await rig.settle();

    expect(answer).toEqual(accepted);
    expect(first).toBe("432[]");
    expect(await client.fetch()).toBe("431[]");
  });

  it("of several packets runs them in order, on one read and one letter", async () => {
    const { rig, ran } = build();
    const client = await PollClient.connect(rig);
    const { length } = rig.mailbox.sent;
    const calls = rig.instances.map(({ life }) => life.calls.length);

    await client.send('42["a"]', '42["b"]', '42["c",1]');

    expect(ran).toEqual([["a"], ["b"], ["c", 1]]);
    expect(rig.mailbox.sent.slice(length)).toEqual([
      {
        kind: "payload",
        sid: client.sid,
        atMs: rig.clock.nowMs(),
        texts: ['42["a"]', '42["b"]', '42["c",1]'],
        lane: "main",
      },
    ]);
    const made = rig.instances.flatMap(({ life }, index) => life.calls.slice(calls[index]));
    expect(made).toEqual(["store.readOutbox", "mailbox.send", "store.loadSession"]);
  });

  it("takes bytes as base64, also when attachments come in a POST of their own", async () => {
    const { rig } = build();
    const client = await PollClient.connect(rig);
    const header = '451-["echo",{"_placeholder":true,"num":0}]';

    await client.send(header, "bAQI=");
    const together = await client.fetch();
    await client.send(header);
    await client.send("bAwQ=");
    const apart = await client.fetch();

    const echoed = '451-["echoed",{"_placeholder":true,"num":0}]';
    expect([together, apart]).toEqual([`${echoed}\x1ebAQI=`, `${echoed}\x1ebAwQ=`]);
  });

  it("ignores packets a client has no business sending", async () => {
    const { rig, ran, left } = build();
    const client = await PollClient.connect(rig);

    await client.send("0", "5", "6", "6noop", '42["x"]');

    expect([ran, left]).toEqual([[["x"]], []]);
  });

  it("sends acks and pongs past everything else, each kind in its order", async () => {
    const { rig } = build();
    const client = await PollClient.connect(rig);
    const { length } = rig.mailbox.sent;

    await client.post('42["x"]\x1e430[]\x1e42["y"]\x1e3\x1e431[1]');

    const letters = rig.mailbox.sent.slice(length).map((letter) => "texts" in letter && letter.texts);
    expect(letters).toEqual([['42["x"]', '42["y"]'], ["430[]", "431[1]"], ["3"]]);
  });

  it("with a pong is a sign of life", async () => {
    const { rig } = build({ pingInterval: 25_000, pingTimeout: 20_000 });
    const client = await PollClient.connect(rig);

    await client.send("3");

    expect(await rig.store.getBeat(client.sid, 25_000)).toMatchObject({ lastPongAtMs: rig.clock.nowMs() });
  });

  it.each([
    ["a packet of no type", '42["x"]\x1eabc\x1e42["y"]', "parse error"],
    ["an empty packet", '42["x"]\x1e', "parse error"],
    ["a ping, which is the server's", '42["x"]\x1e2\x1e42["y"]', "transport error"],
    ["a close", '42["x"]\x1e1\x1e42["y"]', "transport close"],
    ["a bad packet of Socket.IO", '42["x"]\x1e42\x1e4abc\x1e42["y"]', "forced close"],
  ])("with %s runs what is before it, and the session ends", async (_, body, reason) => {
    const { rig, ran, left } = build();
    const client = await PollClient.connect(rig);

    const answer = await client.post(body);
    await rig.settle();

    expect(answer).toEqual(accepted);
    expect(ran[0]).toEqual(["x"]);
    expect(ran).not.toContainEqual(["y"]);
    expect(left).toEqual([reason]);
  });

  it("with a close runs what came before it in POSTs of their own, however long that took", async () => {
    const { rig, ran, left } = build();
    const client = await PollClient.connect(rig);

    await client.post('42["last words"]');
    await client.post("41");
    await client.post("1");
    await rig.settle();

    expect(ran).toEqual([["last words"]]);
    expect(left).toEqual(["client namespace disconnect"]);
  });

  it("with nothing in it ends the session", async () => {
    const { rig, left } = build();
    const client = await PollClient.connect(rig);

    const answer = await client.post("");
    await rig.settle();

    expect(answer).toEqual(accepted);
    expect(left).toEqual(["parse error"]);
    expect(await client.get()).toMatchObject(unknown);
  });

  it("with a close lets the waiting GET go with a noop", async () => {
    const { rig } = build();
    const client = await PollClient.connect(rig);
    const parked = await client.park();

    await client.send("1");
    await rig.advance(50);

    expect(await parked.answer).toMatchObject({ status: 200, body: "6" });
    expect(await client.get()).toMatchObject(unknown);
    expect(await client.post('42["x"]')).toMatchObject(unknown);
  });

  it.each([
    ["abc", "a violation"],
    ["2", "a ping"],
  ])("with %s lets the waiting GET go with a close: it is %s", async (body) => {
    const { rig } = build();
    const client = await PollClient.connect(rig);
    const parked = await client.park();

    await client.send(body);
    await rig.advance(50);

    expect(await parked.answer).toMatchObject({ status: 200, body: "1" });
    expect(await client.get()).toMatchObject(unknown);
  });

  it("in bytes is refused, and the session ends", async () => {
    const { rig, ran, left } = build();
    const client = await PollClient.connect(rig);

    const answer = await client.post(Buffer.from('42["x"]'), {
      headers: { "content-type": "application/octet-stream" },
    });
    await rig.settle();

    expect(answer).toMatchObject({ status: 400, body: "" });
    expect([ran, left]).toEqual([[], ["transport error"]]);
  });

  it("over maxHttpBufferSize is refused with 413, and the session ends", async () => {
    const { rig, ran, left } = build({ maxHttpBufferSize: 100 });
    const client = await PollClient.connect(rig);
    const body = (bytes: number) => `42["${"x".repeat(bytes - '42[""]'.length)}"]`;

    const within = await client.post(body(100));
    const over = await client.post(body(101));
    const later = await client.post(body(100));
    await rig.settle();

    expect([within.status, over.status, over.body, later.status]).toEqual([200, 413, "", 400]);
    expect([ran.length, left]).toEqual([1, ["transport error"]]);
  });

  it("is counted in bytes, not in characters", async () => {
    const { rig } = build({ maxHttpBufferSize: 100 });
    const client = await PollClient.connect(rig);

    expect((await client.post(`42["${"é".repeat(60)}"]`)).status).toBe(413);
  });

  it("of more than fits one message of the queue goes in several, in order", async () => {
    const { rig, ran } = build();
    const client = await PollClient.connect(rig);
    const { length } = rig.mailbox.sent;
    const frames = [..."abcde"].map((name) => `42["${name}","${"x".repeat(100_000)}"]`);

    await client.send(...frames);

    expect(rig.mailbox.sent.slice(length).map((letter) => "texts" in letter && letter.texts.length)).toEqual([
      2, 2, 1,
    ]);
    expect(ran.map((args) => (args as unknown[])[0])).toEqual(["a", "b", "c", "d", "e"]);
  });

  it("whose packets no message of the queue can hold is refused with 413", async () => {
    const { rig, left } = build();
    const client = await PollClient.connect(rig);

    const answer = await client.post(`42["${'\\"'.repeat(400_000)}"]`);
    await rig.settle();

    expect([answer.status, left]).toEqual([413, []]);
  });

  it("for a session that is unknown is refused, and nothing is sent", async () => {
    const { rig } = build();

    const answer = await request(rig, { query: { sid: "AAAAAAAAAAAAAAAAAAAA" }, body: "40" });

    expect(answer).toMatchObject(unknown);
    expect(rig.mailbox.sent).toEqual([]);
  });

  it("of a client that has been silent for too long ends the session", async () => {
    const { rig, ran, left } = build({ pingInterval: 25_000, pingTimeout: 20_000 });
    const client = await PollClient.connect(rig);
    await rig.advance(45_001);

    const answer = await client.post('42["x"]');
    await rig.settle();

    expect(answer).toMatchObject(unknown);
    expect([ran, left]).toEqual([[], ["ping timeout"]]);
  });
});
