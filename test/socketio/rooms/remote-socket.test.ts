import { describe, expect, it } from "vitest";
import type { RemoteSocket } from "../../../lib/socketio/rooms/remote-socket.ts";
import type { Server } from "../../../lib/socketio/server.ts";
import type { DefaultEventsMap } from "../../../lib/socketio/replay/typed-events.ts";
import { answer, countCalls, type Callback } from "../../support/asking.ts";
import { createGate, Rig, type Client, type RigOptions } from "../../support/rig.ts";

interface Profile {
  name?: string;
  score?: number;
  list?: number[];
}

type Remote = RemoteSocket<DefaultEventsMap, Profile>;

/** Everybody is in the room of their name; `act` does something with the sockets of a room, and says what came of it. */
function createRig(act: (remotes: Remote[], io: Server) => unknown, options: RigOptions = {}) {
  return new Rig(
    (io: Server) =>
      io.on("connection", (socket) => {
        void socket.join(`${socket.handshake.query["name"]}`);
        socket.on("set", (profile: Profile) => {
          socket.data = profile;
        });
        socket.on("get", (done: Callback) => done(socket.data));
        socket.on("act", async (room: string, done: Callback) => {
          done(await act(await io.in(room).fetchSockets(), io));
        });
      }),
    { instances: 3, ...options },
  );
}

async function enter(rig: Rig, name: string, profile: Profile = {}): Promise<Client> {
  const client = await rig.open({ name });
  await client.send("40", `42["set",${JSON.stringify(profile)}]`);
  void client.received;
  return client;
}

async function ask(client: Client, event: string, ...args: unknown[]): Promise<unknown> {
  void client.received;
  await client.send(`421${JSON.stringify([event, ...args])}`);
  const ack = client.received.find((frame) => frame.startsWith("431"));
  return (JSON.parse(ack?.slice(3) ?? "[]") as unknown[])[0];
}

const failure = (error: Error & { code?: string }): string => `${error.code}`;

describe("the data of a remote socket", () => {
  it("that is written is there in the socket's next packet, whoever handles it", async () => {
    const rig = createRig(([remote]) => {
      remote!.data.score = 1;
      remote!.data.list!.push(3);
      delete remote!.data.name;
    });
    const [a, b] = [await enter(rig, "a"), await enter(rig, "b", { name: "Bob", list: [1, 2] })];

    await ask(a, "act", "b");

    expect(await ask(b, "get")).toEqual({ list: [1, 2, 3], score: 1 });
  });

  it("can be replaced as a whole", async () => {
    const rig = createRig(([remote]) => {
      remote!.data = { score: 2 };
    });
    const [a, b] = [await enter(rig, "a"), await enter(rig, "b", { name: "Bob" })];

    await ask(a, "act", "b");

    expect(await ask(b, "get")).toEqual({ score: 2 });
  });

  it("costs no write when it is only read", async () => {
    const rig = createRig(([remote]) => remote!.data.name);
    const [a] = [await enter(rig, "a"), await enter(rig, "b", { name: "Bob" })];
    const before = countCalls(rig, "store.saveSocket");

    expect(await ask(a, "act", "b")).toBe("Bob");

    expect(countCalls(rig, "store.saveSocket")).toBe(before);
  });

  it("is written once a turn, however often it is changed", async () => {
    const rig = createRig(([remote]) => {
      for (let score = 1; score <= 5; score++) remote!.data.score = score;
    });
    const [a, b] = [await enter(rig, "a"), await enter(rig, "b")];
    const before = countCalls(rig, "store.saveSocket");

    await ask(a, "act", "b");

    expect(countCalls(rig, "store.saveSocket")).toBe(before + 1);
    expect(await ask(b, "get")).toEqual({ score: 5 });
  });

  it("that is written after an await is saved as well", async () => {
    const gate = createGate();
    const rig = createRig(async ([remote]) => {
      await gate.passed;
      remote!.data.score = 7;
    });
    const [a, b] = [await enter(rig, "a"), await enter(rig, "b")];
    const acted = ask(a, "act", "b");
    await rig.advance(100);

    gate.open();
    await rig.settle();
    await acted;

    expect(await ask(b, "get")).toEqual({ score: 7 });
  });

  it("of the socket whose packet it is, is its own data", async () => {
    const rig = new Rig((io: Server) => {
      io.on("connection", (socket) => {
        socket.on("act", async (done: Callback) => {
          const [self] = await io.in(socket.id).fetchSockets();
          self!.data.score = 1;
          socket.data.name = "both";
          done(socket.data, self!.data);
        });
        socket.on("get", (done: Callback) => done(socket.data));
      });
    });
    const client = await rig.connect();

    await client.send('421["act"]');
    await client.send('422["get"]');

    const both = '{"score":1,"name":"both"}';
    expect(client.received).toEqual([`431[${both},${both}]`, `432[${both}]`]);
  });

  it("is seen by the next fetchSockets of the same turn", async () => {
    const rig = createRig(async ([remote], io) => {
      remote!.data.score = 9;
      const [again] = await io.in(remote!.id).fetchSockets();
      return again!.data;
    });
    const [a] = [await enter(rig, "a"), await enter(rig, "b")];

    expect(await ask(a, "act", "b")).toEqual({ score: 9 });
  });

  it("does not undo other keys that the socket's own handler writes at the same time", async () => {
    const gate = createGate();
    const rig = new Rig(
      (io: Server) =>
        io.on("connection", (socket) => {
          socket.on("own", async () => {
            await gate.passed;
            socket.data.own = 1;
          });
          socket.on("act", async (id: string) => {
            const [remote] = await io.in(id).fetchSockets();
            remote!.data.remote = 2;
          });
          socket.on("get", (done: Callback) => done(socket.data));
        }),
      { instances: 3 },
    );
    const [a, b] = [await rig.connect(), await rig.open()];
    const id = await b.join();

    await b.send('42["own"]');
    await a.send(`42["act","${id}"]`);
    await rig.advance(100);
    gate.open();
    await rig.settle();

    expect(await ask(b, "get")).toEqual({ own: 1, remote: 2 });
  });

  it("of a socket that is gone is dropped without a word", async () => {
    const gate = createGate();
    const rig = createRig(async ([remote]) => {
      await gate.passed;
      remote!.data.score = 1;
    });
    const [a, b] = [await enter(rig, "a"), await enter(rig, "b")];
    const acted = ask(a, "act", "b");
    await rig.advance(100);
    await b.leave();

    gate.open();
    await rig.settle();
    await acted;

    expect(rig.logs.filter(({ level }) => level === "error")).toEqual([]);
    expect(rig.mailbox.left).toEqual([]);
  });

  it("that cannot be stored is reported with its path", async () => {
    const rig = createRig(([remote]) => {
      Object.assign(remote!.data, { at: new Date(0), score: 1 });
    });
    const [a, b] = [await enter(rig, "a"), await enter(rig, "b")];

    await ask(a, "act", "b");

    expect(rig.logged("core.handler_failed")).toMatchObject([
      { event: 'event "act"', error: { code: "core.unserialisable" } },
    ]);
    expect(await ask(b, "get")).toEqual({ score: 1 });
  });

  it("that a script writes is saved by flush, and nothing else waits for one", async () => {
    const rig = createRig(() => undefined);
    const [, b] = [await enter(rig, "a"), await enter(rig, "b", { name: "Bob" })];
    const [reader, writer] = [await rig.io.in("a").fetchSockets(), await rig.io.in("b").fetchSockets()];
    const before = countCalls(rig, "store.saveSocket");

    void reader[0]!.data;
    writer[0]!.data.score = 3;
    await rig.settle();
    const unsaved = countCalls(rig, "store.saveSocket") - before;
    await rig.io.flush();
    await rig.io.flush();
    const saved = countCalls(rig, "store.saveSocket") - before;
    writer[0]!.data.score = 4;
    await rig.io.flush();

    expect([unsaved, saved]).toEqual([0, 1]);
    expect(await ask(b, "get")).toEqual({ name: "Bob", score: 4 });
  });

  it("that is written in a replay stays as it is", async () => {
    const rig = new Rig(
      (io: Server) =>
        io.on("connection", async (socket) => {
          socket.on("get", (done: Callback) => done(socket.data));
          const [self] = await io.in(socket.id).fetchSockets();
          self!.data.runs = ((self!.data.runs as number | undefined) ?? 0) + 1;
        }),
      { instances: 3 },
    );
    const client = await rig.connect();

    await ask(client, "get");

    expect(await ask(client, "get")).toEqual({ runs: 1 });
  });
});

describe("a remote socket", () => {
  it("that is asked by emitWithAck resolves with one answer, no list", async () => {
    const rig = createRig(([remote]) => remote!.timeout(1_000).emitWithAck("question"));
    const [a, b] = [await enter(rig, "a"), await enter(rig, "b")];

    await a.send('421["act","b"]');
    await answer(b, "yes", "no");
    await rig.advance(500);

    expect(a.received).toEqual(['431["yes"]']);
  });

  it("that does not answer makes emitWithAck reject", async () => {
    const rig = createRig(([remote]) => remote!.timeout(1_000).emitWithAck("question").catch(failure));
    const [a] = [await enter(rig, "a"), await enter(rig, "b")];

    await a.send('421["act","b"]');
    await rig.advance(1_000);

    expect(a.received).toEqual(['431["core.ack_timeout"]']);
  });

  it.each<[string, string | undefined, string]>([
    ["null and the answer", "yes", '431[[null,"yes"]]'],
    ["an error", undefined, '431[["operation has timed out"]]'],
  ])("that is asked with a callback calls it with %s", async (_, word, expected) => {
    const rig = createRig(
      ([remote]) =>
        new Promise((resolve) => {
          remote!
            .timeout(1_000)
            .emit("question", (error: Error | null, value: unknown) =>
              resolve(error ? [error.message] : [error, value]),
            );
        }),
    );
    const [a, b] = [await enter(rig, "a"), await enter(rig, "b")];

    await a.send('421["act","b"]');
    if (word !== undefined) await answer(b, word);
    await rig.advance(1_000);

    expect(a.received).toEqual([expected]);
  });

  it("that is asked with a callback and no timeout calls it with all of the answer", async () => {
    const rig = createRig(
      ([remote]) =>
        new Promise((resolve) => {
          remote!.emit("question", (...values: unknown[]) => resolve(values));
        }),
    );
    const [a, b] = [await enter(rig, "a"), await enter(rig, "b")];

    await a.send('421["act","b"]');
    await answer(b, "yes", "all");
    await rig.advance(1_000);

    expect(a.received).toEqual(['431[["yes","all"]]']);
  });

  it("that is asked with a callback and no timeout is given up on after 10 s, which is logged", async () => {
    const rig = createRig(([remote]) => remote!.emit("question", () => undefined));
    const [a] = [await enter(rig, "a"), await enter(rig, "b")];

    await a.send('421["act","b"]');
    await rig.advance(10_000);

    expect(rig.logged("core.ack_abandoned")).toMatchObject([{ event: "question", nsp: "/" }]);
  });

  it("that is gone is not waited for", async () => {
    const rig = createRig(([remote]) => remote!.emitWithAck("question").catch(failure));
    const [a, b] = [await enter(rig, "a"), await enter(rig, "b")];
    rig.transport.drop(b.connectionId);

    await a.send('421["act","b"]');
    await rig.advance(500);

    expect(a.received).toEqual(['431["core.ack_timeout"]']);
  });

  it("keeps its timeout to itself", async () => {
    const rig = createRig(([remote]) => {
      const patient = remote!.timeout(1_000);
      return [patient === remote, patient.id === remote!.id, patient.data === remote!.data];
    });
    const [a] = [await enter(rig, "a"), await enter(rig, "b", { name: "Bob" })];

    expect(await ask(a, "act", "b")).toEqual([false, true, false]);
  });

  it("cannot join a room that no row can be named after", async () => {
    const rig = createRig(([remote]) => {
      try {
        remote!.join("x".repeat(2_000));
        return "joined";
      } catch (error) {
        return failure(error as Error);
      }
    });
    const [a] = [await enter(rig, "a"), await enter(rig, "b")];

    expect(await ask(a, "act", "b")).toBe("state.room_too_long");
  });
});
