import { describe, expect, it } from "vitest";
import type { Server } from "../../../lib/socketio/server.ts";
import { answer, asked, countCalls, idIn, type Callback } from "../../support/asking.ts";
import { PollClient } from "../../support/poll-client.ts";
import { Rig, type RigOptions } from "../../support/rig.ts";

describe("a question to an audience", () => {
  /** Everybody is in `lobby`; `ask` asks it, and answers with what came of it. */
  function createLobby(options: RigOptions = {}) {
    return new Rig(
      (io: Server) =>
        io.on("connection", (socket) => {
          void socket.join("lobby");
          socket.on("ask", (room: string, done: Callback) => {
            io.to(room)
              .timeout(2_000)
              .emit("question", (error: (Error & { code?: string }) | null, responses: unknown[]) =>
                done(error?.code ?? error, responses),
              );
          });
          socket.on("ask others", (done: Callback) => {
            socket.broadcast
              .timeout(2_000)
              .emitWithAck("question")
              .then(done, (error: Error & { responses: unknown[] }) => done(error.message, error.responses));
          });
        }),
      { instances: 3, ...options },
    );
  }
  const last = (frames: readonly string[]) => frames.at(-1);

  it("collects the first argument of each answer, in the order in which they came", async () => {
    const rig = createLobby();
    const [a, b, c] = [await rig.connect(), await rig.connect(), await rig.connect()];

    await a.send('427["ask","lobby"]');
    for (const [client, word] of [
      [c, "c"],
      [a, "a"],
      [b, "b"],
    ] as const) {
      await answer(client, word, "ignored");
      await rig.advance(10);
    }
    await rig.advance(1_000);

    expect(last(a.received)).toBe('437[null,["c","a","b"]]');
  });

  it("tells of an error and the answers there are when somebody is silent", async () => {
    const rig = createLobby();
    const [a, b] = [await rig.connect(), await rig.connect()];

    await a.send('427["ask","lobby"]');
    await answer(b, "b");
    await rig.advance(1_999);
    const early = a.received;
    await rig.advance(1);

    expect(early).toHaveLength(1);
    expect(last(a.received)).toBe('437["core.ack_timeout",["b"]]');
  });

  it("of emitWithAck rejects with the answers there are", async () => {
    const rig = createLobby();
    const [a, b] = [await rig.connect(), await rig.connect(), await rig.connect()];

    await a.send('427["ask others"]');
    await answer(b, "b");
    await rig.advance(2_000);

    expect(a.received).toEqual(['437["operation has timed out",["b"]]']);
  });

  it("of emitWithAck resolves with all answers", async () => {
    const rig = createLobby();
    const [a, b] = [await rig.connect(), await rig.connect()];

    await a.send('427["ask others"]');
    await answer(b, { ok: true });
    await rig.advance(500);

    expect(a.received).toEqual(['437[[{"ok":true}]]']);
  });

  it("that has nobody in it is answered at once: no error, no answers", async () => {
    const rig = createLobby();
    const a = await rig.connect();

    await a.send('427["ask","nobody"]', '428["ask others"]');

    expect(a.received).toEqual(["437[null,[]]", "438[[]]"]);
    expect(countCalls(rig, "store.listAnswers")).toBe(0);
  });

  it("does not wait for who is gone", async () => {
    const rig = createLobby();
    const [a, gone] = [await rig.connect(), await rig.connect()];
    rig.transport.drop(gone.connectionId);

    await a.send('427["ask","lobby"]');
    await answer(a, "a");
    await rig.advance(500);

    expect(last(a.received)).toBe('437[null,["a"]]');
  });

  it("does not count who was not in it", async () => {
    const rig = createLobby();
    const [a, b] = [await rig.connect(), await rig.connect()];

    await a.send('427["ask others"]');
    const id = asked(b);
    await a.send(`43${id}["not asked"]`);
    await rig.advance(2_000);

    expect(a.received).toEqual(['437["operation has timed out",[]]']);
  });

  it("of many writes a batch of 25 rows at a time, before these are sent anything", async () => {
    const rig = createLobby({ pageSize: 10, instances: 1 });
    const members = [];
    for (let n = 0; n < 60; n++) members.push(await rig.connect());
    const { calls } = rig.instances[0]!.life;
    calls.length = 0;

    await members[0]!.send('427["ask","lobby"]');
    const posted = calls.filter((call) => call === "transport.post").length;
    for (const member of members) await answer(member, 1);
    await rig.advance(1_000);

    expect(calls.filter((call) => call === "store.expectAnswers")).toHaveLength(3);
    expect(calls.indexOf("transport.post")).toBeGreaterThan(calls.indexOf("store.expectAnswers"));
    expect(posted).toBe(60);
    expect(last(members[0]!.received)).toBe(`437[null,[${Array(60).fill(1).join(",")}]]`);
  });

  it("of polling clients and others collects both", async () => {
    const rig = createLobby();
    const a = await rig.connect();
    const b = await PollClient.connect(rig);

    await a.send('427["ask others"]');
    const id = idIn(await b.fetch());
    await b.send(`43${id}["polled"]`);
    await rig.advance(500);

    expect(a.received).toEqual(['437[["polled"]]']);
  });

  it("of a parent namespace is refused", async () => {
    const rig = new Rig((io: Server) => {
      const parent = io.of(/^\/room-/);
      io.on("connection", (socket) => {
        socket.on("ask", () => parent.emit("question", () => undefined));
      });
    });
    const client = await rig.connect();

    await client.send('42["ask"]');

    expect(rig.logged("core.handler_failed")).toMatchObject([
      { error: { code: "core.parent_without_sockets" } },
    ]);
  });
});

describe("a question from outside of any turn", () => {
  it("waits for as long as it is told", async () => {
    const rig = new Rig((io: Server) => io.on("connection", () => undefined));
    const client = await rig.connect();

    const answers = rig.io.timeout(90_000).emitWithAck("question");
    await rig.settle();
    await rig.advance(80_000);
    await answer(client, "after a while");
    await rig.advance(10_000);

    await expect(answers).resolves.toEqual(["after a while"]);
  });

  it("without a time is given up after a minute", async () => {
    const rig = new Rig((io: Server) => io.on("connection", () => undefined));
    await rig.connect();

    const failed = rig.io.emitWithAck("question").catch((error: unknown) => error);
    await rig.advance(60_000);

    expect(await failed).toMatchObject({ code: "core.ack_timeout", responses: [] });
  });
});
