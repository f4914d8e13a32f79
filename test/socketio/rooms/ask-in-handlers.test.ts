import { describe, expect, it } from "vitest";
import type { Server } from "../../../lib/socketio/server.ts";
import type { AnySocket } from "../../support/any-socket.ts";
import { answer, asked, forbidRelease, type Callback } from "../../support/asking.ts";
import { Rig, type RigOptions } from "../../support/rig.ts";

/** An app whose handler of `ask` asks the client itself. */
const createRig = (onAsk: (socket: AnySocket) => unknown, options: RigOptions = {}) =>
  new Rig(
    (io: Server) =>
      io.on("connection", (socket) => {
        socket.on("ask", () => onAsk(socket));
        socket.on("other", () => socket.emit("other"));
      }),
    { instances: 3, ...options },
  );

/** What comes of a promise, as an event. */
const tell = (socket: AnySocket, asking: Promise<unknown>): Promise<unknown> =>
  asking.then(
    (value) => socket.emit("heard", value),
    (error: Error & { code?: string }) => socket.emit("failed", error.message, error.code),
  );

describe("a handler that waits for an answer", () => {
  it("of its own socket gets it, though nothing can be released early", async () => {
    const rig = createRig((socket) => tell(socket, socket.emitWithAck("question")));
    forbidRelease(rig);
    const client = await rig.connect();

    await client.send("3", '42["ask"]', '42["other"]');
    const [question, other] = client.received.toSorted((one, two) => two.length - one.length);
    await client.send(`43${/\d+/.exec(question!.slice(2))![0]}["yes"]`);
    await rig.advance(100);

    expect(other).toBe('42["other"]');
    expect(client.received).toEqual(['42["heard","yes"]']);
    expect(rig.mailbox.left).toEqual([]);
  });

  it("of a socket with an earlier message in the same batch gets it, though nothing can be released early", async () => {
    const rig = new Rig((io) => {
      io.on("connection", (socket) => {
        void socket.join(`${socket.handshake.query["name"]}`);
        socket.on("ask", (room: string, done: Callback) =>
          io.in(room).timeout(20_000).emitWithAck("question").then(done),
        );
      });
    });
    forbidRelease(rig);
    const [a, b] = [await rig.open({ name: "a" }), await rig.open({ name: "b" })];
    await a.send("40");
    await b.send("40");

    a.write('420["ask","b"]');
    b.write('420["ask","a"]');
    await rig.settle();
    await answer(a, "from a");
    await answer(b, "from b");
    await rig.advance(500);

    expect([a.received, b.received]).toEqual([['430[["from b"]]'], ['430[["from a"]]']]);
    expect(rig.mailbox.left).toEqual([]);
  });

  it("is released early, so that the client's next packets run meanwhile", async () => {
    const rig = createRig((socket) => tell(socket, socket.emitWithAck("question")));
    const client = await rig.connect();
    await client.send('42["ask"]');
    const id = asked(client);

    await client.send('42["other"]');
    await rig.advance(25);
    const meanwhile = client.received;
    await client.send(`43${id}["yes"]`);
    await rig.advance(200);

    expect(meanwhile).toEqual(['42["other"]']);
    expect(client.received).toEqual(['42["heard","yes"]']);
  });

  it("may be answered at length, since nothing of it is kept for replays", async () => {
    const long = "x".repeat(20_000);
    const rig = createRig((socket) =>
      tell(
        socket,
        socket.emitWithAck("question").then((text) => (text as string).length),
      ),
    );
    const client = await rig.connect();

    await client.send('42["ask"]');
    await answer(client, long);
    await rig.advance(100);

    expect(client.received).toEqual(['42["heard",20000]']);
  });
});

describe("a connection listener that asks", () => {
  const listen = (onConnection: (socket: AnySocket) => unknown, options: RigOptions = {}) =>
    new Rig(
      (io) =>
        io.on("connection", (socket) => {
          socket.on("other", () => socket.emit("other", socket.data));
          return onConnection(socket);
        }),
      { instances: 3, ...options },
    );
  const arrive = async (rig: Rig) => {
    const client = await rig.open();
    await client.send("40");
    return client;
  };

  it("asks once in the life of the socket", async () => {
    const rig = listen(async (socket) => {
      socket.data = { name: await socket.emitWithAck("name?") };
    });
    const client = await arrive(rig);
    await answer(client, "Ann");
    await rig.advance(100);

    await client.send('42["other"]', '42["other"]');

    expect(client.received).toEqual(['42["other",{"name":"Ann"}]', '42["other",{"name":"Ann"}]']);
  });

  it.each<[string, (socket: AnySocket, io: Server) => unknown]>([
    ["by emit with a callback", (socket) => socket.emit("question", () => undefined)],
    ["by emit with a callback and a timeout", (socket) => socket.timeout(9_000).emit("question", () => 1)],
    ["by a broadcast", (socket) => socket.nsp.timeout(9_000).emit("question", () => undefined)],
    ["by serverSideEmit", (socket) => void socket.nsp.serverSideEmit("work")],
    [
      "by serverSideEmit with a callback",
      (socket) => void socket.nsp.serverSideEmit("work", () => undefined),
    ],
  ])("%s and is not answered holds up no later packet", async (_, ask) => {
    const rig = listen((socket) => void ask(socket, socket.server));
    const client = await arrive(rig);
    await rig.advance(100);
    void client.received;
    // So that letters are gone only when their turns have ended.
    forbidRelease(rig);

    await client.send('42["other"]');
    await rig.advance(11_000);
    await client.send('42["other"]');
    await rig.advance(11_000);

    expect(client.received.filter((frame) => frame.includes("other"))).toHaveLength(2);
    expect(rig.mailbox.left).toEqual([]);
    expect(rig.logged("core.ack_abandoned").length).toBeLessThanOrEqual(1);
  });

  it("rejects for an answer that is too long to be kept", async () => {
    const rig = listen((socket) => tell(socket, socket.emitWithAck("question")));
    const client = await arrive(rig);

    await answer(client, "x".repeat(20_000));
    await rig.advance(100);

    expect(client.received).toEqual([expect.stringContaining('"core.journal_full"')]);
  });
});
