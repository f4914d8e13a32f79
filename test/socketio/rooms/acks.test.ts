import { describe, expect, it } from "vitest";
import type { Server } from "../../../lib/socketio/server.ts";
import type { AnySocket } from "../../support/any-socket.ts";
import {
  answer,
  asked,
  countCalls,
  endInvocations,
  forbidRelease,
  type Callback,
} from "../../support/asking.ts";
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

describe("socket.emitWithAck", () => {
  it("resolves with the first argument of the client's answer", async () => {
    const rig = createRig((socket) => tell(socket, socket.emitWithAck("question", 1)));
    const client = await rig.connect();

    await client.send('42["ask"]');
    await answer(client, "yes", "no");
    await rig.advance(1_000);

    expect(client.received).toEqual(['42["heard","yes"]']);
    expect(rig.mailbox.left).toEqual([]);
  });

  it.each([0, 500, -1, NaN])("rejects after timeout(%d)", async (ms) => {
    const rig = createRig((socket) => tell(socket, socket.timeout(ms).emitWithAck("question")));
    const client = await rig.connect();

    await client.send('42["ask"]');
    if (ms === 500) await rig.advance(499);
    const early = client.received;
    await rig.advance(1);

    const failed = '42["failed","operation has timed out","core.ack_timeout"]';
    expect([...early.slice(1), ...client.received]).toEqual([failed]);
    expect(early.includes(failed)).toBe(ms !== 500);
  });

  it("gives an answer that comes in the last moment its due", async () => {
    const rig = createRig((socket) => tell(socket, socket.timeout(500).emitWithAck("question")));
    const client = await rig.connect();

    await client.send('42["ask"]');
    const id = asked(client);
    await rig.advance(499);
    await client.send(`43${id}["just"]`);
    await rig.advance(1);

    expect(client.received).toEqual(['42["heard","just"]']);
  });

  it("without a time waits until shortly before its invocation ends, and says so", async () => {
    const rig = createRig((socket) => tell(socket, socket.emitWithAck("question")));
    endInvocations(rig, 30_000);
    const client = await rig.connect();

    await client.send('42["ask"]');
    void client.received;
    await rig.advance(27_999);
    const early = client.received;
    await rig.advance(1);

    expect(early).toEqual([]);
    expect(client.received).toEqual([expect.stringContaining('"core.ack_cut_short"')]);
  });

  it.each([
    [3, 8, 1],
    [30, 50, 2],
    [60, 134, 3],
  ])("given after %i ms is seen after %i, with %i reads", async (answeredMs, seenMs, reads) => {
    const rig = createRig((socket) => tell(socket, socket.timeout(10_000).emitWithAck("question")));
    const client = await rig.connect();
    await client.send('42["ask"]');
    await rig.advance(answeredMs);
    await answer(client, "yes");

    await rig.advance(seenMs - answeredMs - 1);
    const early = client.received;
    await rig.advance(1);

    expect(early).not.toContain('42["heard","yes"]');
    expect(client.received).toContain('42["heard","yes"]');
    expect(countCalls(rig, "store.listAnswers")).toBe(reads);
  });

  it("looks for the answer less often the longer it waits", async () => {
    const rig = createRig((socket) => tell(socket, socket.timeout(10_000).emitWithAck("question")));
    const client = await rig.connect();

    await client.send('42["ask"]');
    await rig.advance(10_000);

    expect(countCalls(rig, "store.listAnswers")).toBe(30);
  });

  it("is waited for by its turn, though the handler does not", async () => {
    const rig = createRig((socket) => void tell(socket, socket.emitWithAck("question")));
    const client = await rig.connect();

    await client.send('42["ask"]');
    await rig.advance(5_000);
    await answer(client, "late enough");
    await rig.advance(1_000);

    expect(client.received).toEqual(['42["heard","late enough"]']);
    expect(rig.logged("core.stray_effect")).toEqual([]);
  });

  it("rejects for what emit throws for, with nothing sent", async () => {
    const rig = createRig((socket) => tell(socket, socket.emitWithAck("disconnect")));
    const client = await rig.connect();

    await client.send('42["ask"]');

    expect(client.received).toEqual([expect.stringContaining('"protocol.reserved_event"')]);
    expect(countCalls(rig, "store.expectAnswers")).toBe(0);
  });

  it("rejects at once in a handler of disconnect, where nothing can be sent", async () => {
    const failures: string[] = [];
    const rig = new Rig((io) => {
      io.on("connection", (socket) => {
        socket.on("disconnect", () =>
          socket.emitWithAck("question").catch((error: Error) => void failures.push(error.message)),
        );
      });
    });
    const client = await rig.connect();

    await client.leave();

    expect(failures).toEqual(["operation has timed out"]);
    expect(rig.mailbox.left).toEqual([]);
  });
});

describe("socket.emit with a callback", () => {
  const noteIn =
    (socket: AnySocket): Callback =>
    (...args) =>
      socket.emit("called", ...args.map((arg) => (arg instanceof Error ? arg.message : arg)));

  it("calls it with all arguments of the answer", async () => {
    const rig = createRig((socket) => socket.emit("question", noteIn(socket)));
    const client = await rig.connect();

    await client.send('42["ask"]');
    await answer(client, "a", [1], null);
    await rig.advance(100);

    expect(client.received).toEqual(['42["called","a",[1],null]']);
  });

  it("and a timeout calls it with null first", async () => {
    const rig = createRig((socket) => socket.timeout(100).emit("question", noteIn(socket)));
    const client = await rig.connect();

    await client.send('42["ask"]');
    await answer(client, "a", "b");
    await rig.advance(100);

    expect(client.received).toEqual(['42["called",null,"a","b"]']);
  });

  it("and a timeout calls it with an error when there is no answer, and not again when there is", async () => {
    const rig = createRig((socket) => socket.timeout(100).emit("question", noteIn(socket)));
    const client = await rig.connect();

    await client.send('42["ask"]');
    const id = asked(client);
    await rig.advance(100);
    await client.send(`43${id}["late"]`);
    await rig.advance(1_000);

    expect(client.received).toEqual(['42["called","operation has timed out"]']);
    expect(client.isClosed).toBe(false);
  });

  it("and no timeout gives up after 10 s, which is logged", async () => {
    const rig = createRig((socket) => socket.emit("question", noteIn(socket)));
    const client = await rig.connect();

    await client.send('42["ask"]');
    void client.received;
    await rig.advance(9_999);
    const early = rig.logged("core.ack_abandoned").length;
    await rig.advance(1);

    expect(early).toBe(0);
    expect(rig.logged("core.ack_abandoned")).toMatchObject([{ event: "question", nsp: "/" }]);
    expect(client.received).toEqual([]);
    expect(rig.mailbox.left).toEqual([]);
  });

  it("that throws is reported, and harms nobody else", async () => {
    const rig = createRig((socket) =>
      socket.emit("question", () => {
        throw new Error("boom");
      }),
    );
    const client = await rig.connect();

    await client.send('42["ask"]');
    await answer(client);
    await rig.advance(100);
    await client.send('42["other"]');

    expect(rig.logged("core.handler_failed")).toMatchObject([
      { event: "question", error: { message: "boom" } },
    ]);
    expect(client.received).toEqual(['42["other"]']);
  });

  it("takes the timeout for itself and leaves none to the next emit", async () => {
    const rig = createRig((socket) => {
      socket.timeout(100).emit("first");
      socket.emit("question", noteIn(socket));
    });
    const client = await rig.connect();

    await client.send('42["ask"]');
    await answer(client, "a");
    await rig.advance(100);

    expect(client.received).toEqual(['42["called","a"]']);
  });

  it("and volatile hears of a dropped packet as of no answer", async () => {
    const rig = createRig((socket) => socket.timeout(100).volatile.emit("question", noteIn(socket)));
    const client = await rig.connect();

    rig.transport.answer(client.connectionId, "busy");
    await client.send('42["ask"]');
    await rig.advance(100);

    expect(client.received).toEqual(['42["called","operation has timed out"]']);
  });

  it("keeps the order of what is emitted before and after", async () => {
    const rig = createRig((socket) => {
      socket.emit("before");
      socket.emit("question", () => undefined);
      socket.emit("after");
    });
    const client = await rig.connect();

    await client.send('42["ask"]');

    expect(client.received.map((frame) => frame.replace(/^42\d+/, "42"))).toEqual([
      '42["before"]',
      '42["question"]',
      '42["after"]',
    ]);
  });
});

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
