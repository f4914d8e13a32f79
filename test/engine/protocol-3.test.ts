import { describe, expect, it } from "vitest";
import type { PollResponse } from "../../lib/engine/polling/http.ts";
import type { Server } from "../../lib/socketio/server.ts";
import type { ServerOptions } from "../../lib/socketio/server-options.ts";
import { createEngine } from "../../lib/engine/engine.ts";
import type { Sid } from "../../lib/ids.ts";
import { PollClient, request as send, type Request } from "../support/poll-client.ts";
import { Rig, type Client } from "../support/rig.ts";

const allowed: ServerOptions = { allowEIO3: true, pingInterval: 25_000, pingTimeout: 20_000 };
const silent = () => undefined;

const echo = (io: Server) => {
  for (const name of ["/", "/custom"]) {
    io.of(name).on("connection", (socket) => {
      socket.emit("hi", socket.id, socket.handshake.auth);
      socket.on("ask", (value: unknown, answer: (value: unknown) => void) => answer(value));
      socket.on("everyone", (...values: unknown[]) => io.emit("everyone", ...values));
    });
  }
};

/** A client of Socket.IO 2 over a WebSocket, with the frames so far put aside. */
async function openVersion2(rig: Rig, query: Record<string, string> = {}): Promise<Client> {
  const client = await rig.open({ EIO: "3", ...query });
  void client.received;
  return client;
}

/** One HTTP request of a client of Socket.IO 2. */
const request = (rig: Rig, { query, ...given }: Request): Promise<PollResponse> =>
  send(rig, { ...given, query: { EIO: "3", ...query } });

async function openPolling(rig: Rig, query: Record<string, string> = { b64: "1" }): Promise<Sid> {
  const { body } = await request(rig, { query });
  await rig.settle();
  return /"sid":"([^"]+)"/.exec(body.toString().replaceAll("\\", ""))![1] as Sid;
}

describe("a client of Socket.IO 2", () => {
  it("is refused unless it is allowed", async () => {
    const rig = new Rig(silent);

    await expect(rig.open({ EIO: "3" })).rejects.toThrow("Unsupported protocol version");
    expect(await request(rig, {})).toEqual({
      status: 400,
      headers: { "content-type": "application/json" },
      body: '{"code":5,"message":"Unsupported protocol version"}',
    });
    expect(rig.store.countRows().sessions).toBe(0);
  });

  it("is in the default namespace without asking, with its session's id", async () => {
    const rig = new Rig(echo, allowed);

    const client = await rig.open({ EIO: "3" });

    expect(client.received).toEqual([
      `0{"sid":"${client.sid}","upgrades":[],"pingInterval":25000,"pingTimeout":20000,"maxPayload":1000000}`,
      "40",
      `42["hi","${client.sid}",{}]`,
    ]);
    expect(rig.store.countRows()).toMatchObject({ sessions: 1, sockets: 1, beats: 1 });
  });

  it("may leave out which protocol it speaks", async () => {
    const rig = new Rig(echo, allowed);

    const client = await rig.open({ EIO: "" });

    expect(client.received).toContain("40");
  });

  it("connects to another namespace with a query, which is what it shows", async () => {
    const rig = new Rig(echo, allowed);
    const client = await openVersion2(rig);

    await client.send("40/custom?token=a%20b&x=1,", '42/custom,7["ask",5]');

    expect(client.received).toEqual([
      "40/custom,",
      `42/custom,["hi","/custom#${client.sid}",{"token":"a b","x":"1"}]`,
      "43/custom,7[5]",
    ]);
  });

  it("shows something else when it connects anew, wherever its packets run", async () => {
    const rig = new Rig(
      (io) => {
        io.of("/custom").on("connection", (socket) => {
          socket.on("ask", (answer: (value: unknown) => void) => answer(socket.handshake.auth));
        });
      },
      { ...allowed, instances: 2 },
    );
    const client = await openVersion2(rig);
    for (const frame of ["40/custom?n=1,", '42/custom,1["ask"]', '42/custom,2["ask"]', "41/custom,"])
      await client.send(frame);
    void client.received;

    for (const frame of ["40/custom?n=2,", '42/custom,3["ask"]', '42/custom,4["ask"]'])
      await client.send(frame);

    expect(client.received).toEqual(["40/custom,", '43/custom,3[{"n":"2"}]', '43/custom,4[{"n":"2"}]']);
  });

  it.each([
    ["its data", new Error("no"), '44/custom,"no"'],
    ["its message", Object.assign(new Error("no"), { data: { code: 1 } }), '44/custom,{"code":1}'],
    ["a message where data says nothing", Object.assign(new Error("no"), { data: "" }), '44/custom,"no"'],
  ])("is told of a middleware's error %s", async (_, error, frame) => {
    const rig = new Rig((io) => io.of("/custom").use((__, next) => next(error)), allowed);
    const client = await openVersion2(rig);

    await client.send("40/custom?token=t,");

    expect(client.received).toEqual([frame]);
    expect(client.isClosed).toBe(false);
  });

  it.each([
    ["40/unknown,", '44/unknown,{"message":"Invalid namespace"}'],
    ["40/unknown?token=t,", '44/unknown,{"message":"Invalid namespace"}'],
    ["40/žluť,", '44/%C5%BElu%C5%A5,{"message":"Invalid namespace"}'],
  ])("asks for %s and is refused", async (frame, answer) => {
    const rig = new Rig(silent, allowed);
    const client = await openVersion2(rig);

    await client.send(frame);

    expect(client.received).toEqual([answer]);
  });

  it.each([
    ["a pong", "3"],
    ["a pong with data", "3probe"],
    ["CONNECT, where it is already", "40"],
    ["a namespace that is no path", "40//,"],
    ["an event for a namespace it is not in", '42/custom,["ask"]'],
  ])("is closed for %s", async (_, frame) => {
    const rig = new Rig(echo, allowed);
    const client = await openVersion2(rig);

    await client.send(frame);

    expect(client.isClosed).toBe(true);
    expect(rig.store.countRows()).toMatchObject({ namespaceMembers: 0, beats: 0 });
  });

  it("is refused by a middleware of the default namespace and may go on", async () => {
    const rig = new Rig((io) => {
      io.use((socket, next) =>
        socket.handshake.query["token"] === undefined ? next(new Error("who?")) : next(),
      );
      io.of("/custom").on("connection", silent);
    }, allowed);

    const client = await openVersion2(rig);
    const welcome = await rig.open({ EIO: "3" });
    await client.send("40/custom,");

    expect(welcome.received.slice(1)).toEqual(['44"who?"']);
    expect(client.received).toEqual(["40/custom,"]);
  });

  it("is closed when its opening was handed over before: how far it came is unknown", async () => {
    const rig = new Rig(echo, allowed);
    const client = await rig.admit({ EIO: "3" });
    rig.instances[0]!.life.endsAfter = 3;
    await rig.settle();
    rig.replace(0);

    await rig.redeliver();

    expect(client.isClosed).toBe(true);
    expect(rig.store.countRows()).toMatchObject({ namespaceMembers: 0, beats: 0 });
    expect(rig.mailbox.left).toEqual([]);
  });

  it("costs clients of later versions nothing", async () => {
    const calls = async (options: ServerOptions) => {
      const rig = new Rig(echo, options);
      const client = await rig.open();
      await client.join();
      await client.send('421["ask",1]', "3");
      return rig.instances[0]!.life.calls;
    };

    expect(await calls(allowed)).toEqual(await calls({ ...allowed, allowEIO3: false }));
  });
});

describe("bytes", () => {
  it("go to each client in its own form", async () => {
    const rig = new Rig(echo, allowed);
    const old = await openVersion2(rig);
    const fresh = await rig.connect();
    void fresh.received;
    void old.received;

    await old.send('451-["everyone",{"_placeholder":true,"num":0}]', "b4AQIDBA==");

    expect(old.received).toEqual(['451-["everyone",{"_placeholder":true,"num":0}]', "b4AQIDBA=="]);
    expect(fresh.received).toEqual(['451-["everyone",{"_placeholder":true,"num":0}]', "bAQIDBA=="]);
  });

  it("are encoded once for each form, not once for each client", async () => {
    const rig = new Rig(echo, allowed);
    const clients = [await openVersion2(rig), await openVersion2(rig), await rig.connect()];
    let reads = 0;
    const value = { toJSON: () => (reads += 1) };

    rig.io.emit("everyone", value);
    await rig.settle();

    // Twice: once in search of bytes, once to be written.
    expect(clients.map((client) => client.received.at(-1))).toEqual(Array(3).fill('42["everyone",2]'));
  });

  it("are acknowledged", async () => {
    const rig = new Rig(echo, allowed);
    const client = await openVersion2(rig);

    await client.send('451-3["ask",{"_placeholder":true,"num":0}]', "b4AQIDBA==");

    expect(client.received).toEqual(['461-3[{"_placeholder":true,"num":0}]', "b4AQIDBA=="]);
  });
});

describe("a ping of the client", () => {
  it.each(["2", "2data"])("%j is answered, and shows that it lives", async (frame) => {
    const rig = new Rig(silent, allowed);
    const client = await openVersion2(rig);
    await rig.advance(20_000);

    await client.send(frame);

    expect(client.received).toEqual(["3"]);
    expect(await rig.store.getBeat(client.sid, 25_000)).toMatchObject({ lastPongAtMs: rig.clock.nowMs() });
  });

  it("is answered while a handler runs", async () => {
    const rig = new Rig((io) => {
      io.on("connection", (socket) => socket.on("wait", () => new Promise(silent)));
    }, allowed);
    const client = await openVersion2(rig);

    await client.send('42["wait"]', "2");

    expect(client.received).toEqual(["3"]);
  });

  it("is answered, and counts, after a deploy has changed the interval", async () => {
    const rig = new Rig(silent, allowed);
    const client = await openVersion2(rig);
    const later = new Rig(silent, { ...allowed, pingInterval: 60_000 });
    const { runtime } = rig.instances[0]!;
    rig.instances[0] = { ...later.instances[0]!, runtime };
    await rig.advance(20_000);

    await client.send("2");

    expect(await rig.store.getBeat(client.sid, 25_000)).toBeDefined();
  });

  it("over polling is answered with the next GET", async () => {
    const rig = new Rig(silent, allowed);
    const sid = await openPolling(rig);
    await request(rig, { query: { sid } });

    const posted = await request(rig, { query: { sid }, body: "1:2" });
    await rig.settle();

    expect(posted.body).toBe("ok");
    expect((await request(rig, { query: { sid } })).body).toBe("1:3");
  });
});

describe("the heartbeat", () => {
  it("never pings a client of Socket.IO 2", async () => {
    const rig = new Rig(silent, allowed);
    const client = await openVersion2(rig);

    for (let second = 0; second < 44; second += 1) {
      await rig.advance(1_000);
      await rig.sweep();
    }

    expect(client.received).toEqual([]);
    expect(client.isClosed).toBe(false);
  });

  it("ends one that does not ping within interval and timeout", async () => {
    const rig = new Rig(silent, allowed);
    const client = await openVersion2(rig);
    for (let second = 0; second < 45; second += 1) {
      await rig.advance(1_000);
      await rig.sweep();
    }

    expect(client.isClosed).toBe(true);
    expect(rig.store.countRows()).toMatchObject({ namespaceMembers: 0, beats: 0 });
  });

  it("leaves alone whoever pings, for as long as it does", async () => {
    const rig = new Rig(silent, allowed);
    const client = await openVersion2(rig);

    for (let second = 1; second <= 300; second += 1) {
      await rig.advance(1_000);
      // A client that is late with each ping, but not too late.
      if (second % 44 === 0) await client.send("2");
      await rig.sweep();
    }
    const wasClosed = client.isClosed;
    for (let second = 0; second < 75; second += 1) {
      await rig.advance(1_000);
      await rig.sweep();
    }

    expect(wasClosed).toBe(false);
    expect(client.isClosed).toBe(true);
  });
});

describe("polling", () => {
  it("opens with OPEN alone; CONNECT is the next answer", async () => {
    const rig = new Rig(echo, allowed);

    const { status, headers, body } = await request(rig, { query: { b64: "1" } });
    await rig.settle();

    const [, sid] = /"sid":"([^"]+)"/.exec(String(body))!;
    const open = `0{"sid":"${sid}","upgrades":["websocket"],"pingInterval":25000,"pingTimeout":20000,"maxPayload":1000000}`;
    expect({ status, headers, body }).toEqual({
      status: 200,
      headers: { "content-type": "text/plain; charset=UTF-8", "cache-control": "no-store" },
      body: `${open.length}:${open}`,
    });
    const hi = `42["hi","${sid}",{}]`;
    expect((await request(rig, { query: { sid } })).body).toBe(`2:40${hi.length}:${hi}`);
  });

  it("carries several packets, also bytes in base64", async () => {
    const rig = new Rig(echo, allowed);
    const sid = await openPolling(rig);
    await request(rig, { query: { sid } });

    await request(rig, {
      query: { sid },
      body: '42:451-7["ask",{"_placeholder":true,"num":0}]10:b4AQIDBA==1:2',
    });
    await rig.settle();

    expect((await request(rig, { query: { sid } })).body).toMatch(
      /^(1:3)?36:461-7\[\{"_placeholder":true,"num":0\}\]10:b4AQIDBA==(1:3)?$/,
    );
  });

  it("answers in bytes where the client takes them", async () => {
    const rig = new Rig(createEcho(), allowed);
    const sid = await openPolling(rig, {});

    await request(rig, {
      query: { sid },
      body: Buffer.of(0, 2, 255, 52, 120, 1, 3, 255, 4, 1, 2),
      headers: { "content-type": "application/octet-stream" },
    });
    await rig.settle();

    expect(await request(rig, { query: { sid } })).toEqual({
      status: 200,
      headers: { "content-type": "application/octet-stream", "cache-control": "no-store" },
      body: Buffer.of(0, 2, 255, 52, 120, 1, 3, 255, 4, 1, 2),
    });
  });

  it.each([
    ["a body that is no payload", "abc"],
    ["an empty body", ""],
    ["a packet of no type", "2:9x"],
    ["a pong", "1:3"],
  ])("ends with %s", async (_, body) => {
    const rig = new Rig(createEcho(), allowed);
    const sid = await openPolling(rig);

    const posted = await request(rig, { query: { sid }, body });
    await rig.settle();

    expect(posted).toMatchObject({ status: 200, body: "ok" });
    expect(await request(rig, { query: { sid } })).toMatchObject({
      status: 400,
      body: '{"code":1,"message":"Session ID unknown"}',
    });
    expect(rig.store.countRows()).toMatchObject({ beats: 0 });
  });

  it("is over for whoever was silent for too long, before the heartbeat finds it", async () => {
    const rig = new Rig(createEcho(), allowed);
    const sid = await openPolling(rig);
    await rig.advance(45_000);

    const posted = await request(rig, { query: { sid }, body: "1:2" });
    await rig.settle();

    expect(posted).toMatchObject({ status: 400, body: '{"code":1,"message":"Session ID unknown"}' });
    expect(rig.store.countRows()).toMatchObject({ beats: 0 });
  });

  it("goes on for whoever pings, though it does not ask for answers", async () => {
    const rig = new Rig(createEcho(), allowed);
    const sid = await openPolling(rig);
    await rig.advance(30_000);
    await request(rig, { query: { sid }, body: "1:2" });
    await rig.settle();
    await rig.advance(30_000);

    expect((await request(rig, { query: { sid }, body: "1:2" })).status).toBe(200);
  });
});

describe("the upgrade", () => {
  it("is that of later versions, and the client goes on with its own pings", async () => {
    const rig = new Rig(createEcho(), { ...allowed, instances: 2 });
    const sid = await openPolling(rig);
    const client = new PollClient(rig, sid);
    const socket = await client.probe();

    await socket.send("2probe");
    await request(rig, { query: { sid }, body: "6:4first" });
    await socket.send("5", "4second");
    await socket.send("2");
    const again = await client.probe();

    expect(socket.received).toEqual(["3probe", "4first", "4second", "3"]);
    expect(await request(rig, { query: { sid } })).toMatchObject({
      status: 400,
      body: '{"code":3,"message":"Bad request"}',
    });
    expect(again.isClosed).toBe(true);
    expect(socket.isClosed).toBe(false);
  });

  it("is not begun with a ping", async () => {
    const rig = new Rig(createEcho(), allowed);
    const fourth = await PollClient.open(rig);
    const socket = await fourth.probe();

    await socket.send("2");

    expect(socket.isClosed).toBe(true);
    expect((await fourth.post("4x")).status).toBe(200);
  });
});

describe("polling by script tags", () => {
  it("is answered with calls, and takes forms", async () => {
    const rig = new Rig(createEcho(), allowed);
    const opened = await request(rig, { query: { j: "0", b64: "1" } });
    const sid = /sid\\":\\"([^\\]+)/.exec(String(opened.body))![1] as Sid;

    const posted = await request(rig, {
      query: { sid, j: "1" },
      body: "d=3%3A4%22%5Cn",
      headers: { "content-type": "application/x-www-form-urlencoded" },
    });
    await rig.settle();
    const answer = await request(rig, { query: { sid, j: "2" } });

    expect(opened.body).toMatch(/^___eio\[0\]\("\d+:0\{\\"sid\\":.*\}"\);$/);
    expect(posted.body).toBe("ok");
    expect(answer).toMatchObject({
      status: 200,
      headers: { "content-type": "text/plain; charset=UTF-8" },
      body: '___eio[2]("3:4\\"\\n");',
    });
  });

  it("is never answered in bytes", async () => {
    const rig = new Rig(createEcho(), allowed);
    const opened = await request(rig, { query: { j: "0" } });
    const sid = /sid\\":\\"([^\\]+)/.exec(String(opened.body))![1] as Sid;

    await request(rig, { query: { sid, j: "1" }, body: "d=6%3Ab4AQ%3D%3D" });
    await rig.settle();

    expect((await request(rig, { query: { sid, j: "2" } })).body).toBe('___eio[2]("6:b4AQ==");');
  });
});

function createEcho() {
  return createEngine({
    ...allowed,
    onMessage: (session, data) => session.send(data),
  });
}
