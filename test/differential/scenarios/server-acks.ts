import type { Participant } from "../participant.ts";
import type { Scenario } from "../scenario.ts";

type Ack = (...args: unknown[]) => void;
type Failure = Error & { responses?: unknown[] };

/** Answers with what an app was called back with, as JSON can tell it. */
const hearsAll =
  (done: Ack): Ack =>
  (...values) =>
    done(...values.map((value) => (value instanceof Error ? { error: value.message } : value)));

/** Answers with what a promise was rejected with. */
const hearsFailure =
  (done: Ack) =>
  ({ message, responses }: Failure): void =>
    done({ error: message, responses: responses ?? "none" });

/** Whoever connects is in the rooms of its auth, and its handlers ask in every way there is. */
const asker: Scenario["app"] = ({ nsp }) => {
  nsp.on("connection", (socket) => {
    void socket.join((socket.handshake.auth["rooms"] ?? []) as string[]);
    socket.on("emit", (values: unknown[], done: Ack) => socket.emit("question", ...values, hearsAll(done)));
    socket.on("emit in time", (ms: number, done: Ack) =>
      socket.timeout(ms).emit("question", ms, hearsAll(done)),
    );
    socket.on("await", async (done: Ack) => done(await socket.emitWithAck("question")));
    socket.on("await in time", (ms: number, done: Ack) => {
      socket.timeout(ms).emitWithAck("question").then(hearsAll(done), hearsFailure(done));
    });
    socket.on("room", (room: string, ms: number, done: Ack) =>
      nsp.to(room).timeout(ms).emit("question", room, hearsAll(done)),
    );
    socket.on("await room", (room: string, ms: number, done: Ack) => {
      nsp.to(room).timeout(ms).emitWithAck("question", room).then(hearsAll(done), hearsFailure(done));
    });
    socket.on("others", (except: string[], ms: number, done: Ack) => {
      socket.broadcast
        .except(except)
        .timeout(ms)
        .emitWithAck("question")
        .then(hearsAll(done), hearsFailure(done));
    });
    socket.on("everyone", (ms: number, done: Ack) => nsp.timeout(ms).emit("question", hearsAll(done)));
  });
};

/** Answers each question with these values. */
const answers = (one: Participant, ...values: readonly unknown[]): Participant => {
  one.socket.on("question", (...args: unknown[]) => (args.at(-1) as Ack)(...values));
  return one;
};

export const serverAcks: readonly Scenario[] = [
  {
    title: "a callback of the server gets all that the client answers",
    app: asker,
    script: async ({ client }) => {
      const a = answers(await client("a").connects(), "yes", 2, null, { three: [3] });
      await a.ask("emit", []);
      await a.ask("emit", [1, "two", null]);
    },
  },
  {
    title: "a client may answer with nothing",
    app: asker,
    script: async ({ client }) => {
      const a = answers(await client("a").connects());
      await a.ask("emit", []);
      await a.ask("emit in time", 5_000);
      await a.ask("await in time", 5_000);
    },
  },
  {
    title: "emitWithAck resolves with the first value of the answer",
    app: asker,
    script: async ({ client }) => {
      const a = answers(await client("a").connects(), { first: true }, "second");
      await a.ask("await");
      await a.ask("await in time", 5_000);
    },
  },
  {
    title: "with a timeout the callback gets null before the answer",
    app: asker,
    script: async ({ client }) => {
      const a = answers(await client("a").connects(), "yes", "and more");
      await a.ask("emit in time", 5_000);
    },
  },
  {
    title: "a client that does not answer in time makes an error, by callback and by promise",
    app: asker,
    script: async ({ client }) => {
      const a = await client("a").connects();
      await a.ask("emit in time", 50);
      await a.ask("await in time", 50);
      await a.ask("await in time", 0);
    },
  },
  {
    title: "an answer that comes too late is ignored, and the next one counts",
    app: asker,
    script: async ({ client }) => {
      const a = await client("a").connects();
      const late: Ack[] = [];
      a.socket.on("question", (...args: unknown[]) => late.push(args.at(-1) as Ack));
      await a.ask("emit in time", 50);
      late.pop()?.("too late");
      const next = a.ask("emit in time", 5_000);
      await a.hears("question");
      await a.hears("question");
      late.pop()?.("in time");
      await next;
    },
  },
  {
    title: "a timeout is for one emit",
    app: ({ nsp }) => {
      nsp.on("connection", (socket) => {
        socket.on("go", (done: Ack) => {
          socket.timeout(1_000).emit("plain", 1);
          socket.emit("question", hearsAll(done));
        });
      });
    },
    script: async ({ client }) => {
      const a = answers(await client("a").connects(), "answer");
      await a.ask("go");
    },
  },
  {
    title: "questions of one handler are answered in whatever order",
    app: ({ nsp }) => {
      nsp.on("connection", (socket) => {
        socket.on("go", async (done: Ack) => {
          done(...(await Promise.all(["one", "two", "three"].map((word) => socket.emitWithAck(word)))));
        });
      });
    },
    script: async ({ client }) => {
      const a = await client("a").connects();
      const open: Ack[] = [];
      for (const word of ["one", "two", "three"]) a.socket.on(word, (ack: Ack) => open.push(ack));
      const asked = a.ask("go");
      await a.hears("three");
      for (const [n, ack] of [...open.entries()].toReversed()) ack(n);
      await asked;
    },
  },
  {
    title: "questions and plain events of one handler arrive in their order",
    app: ({ nsp }) => {
      nsp.on("connection", (socket) => {
        socket.on("go", (done: Ack) => {
          socket.emit("before");
          socket.emit("question", 1, done);
          socket.emit("between");
          nsp
            .to(socket.id)
            .timeout(5_000)
            .emit("question", 2, () => undefined);
          socket.emit("after");
        });
      });
    },
    script: async ({ client }) => {
      const a = answers(await client("a").connects(), "ok");
      await a.ask("go");
      await a.hears("after");
    },
  },
  {
    title: "a connection listener asks who it is, and the handlers know",
    app: ({ nsp }) => {
      nsp.on("connection", async (socket) => {
        socket.on("who am I?", (ack: Ack) => ack(socket.data));
        socket.data = { name: await socket.emitWithAck("who are you?") };
        socket.emit("welcome", (socket.data as { name: string }).name);
      });
    },
    script: async ({ client }) => {
      const a = client("a");
      a.socket.on("who are you?", (ack: Ack) => ack("Ann"));
      await a.hears("welcome");
      await a.ask("who am I?");
      await a.ask("who am I?");
    },
  },
  {
    title: "a conversation of questions, each side awaiting the other",
    app: ({ nsp }) => {
      nsp.on("connection", (socket) => {
        socket.on("add", async (sum: number, ack: Ack) => {
          ack(sum < 3 ? await socket.emitWithAck("more", sum) : sum);
        });
      });
    },
    script: async ({ client }) => {
      const a = await client("a").connects();
      a.socket.on("more", (sum: number, ack: Ack) => a.socket.emit("add", sum + 1, ack));
      await a.ask("add", 0);
    },
  },
  {
    title: "bytes are asked for and answered with",
    app: ({ nsp }) => {
      nsp.on("connection", (socket) => {
        socket.on("go", (done: Ack) => {
          socket
            .timeout(5_000)
            .emit("question", Buffer.from([1, 2]), (error: Error | null, value: Buffer) =>
              done(error, Buffer.isBuffer(value), value),
            );
        });
      });
    },
    script: async ({ client }) => {
      const a = answers(await client("a", { forceBase64: true }).connects(), new Uint8Array([3, 4]), "text");
      await a.ask("go");
    },
  },
  {
    title: "a question with a reserved name throws",
    app: ({ nsp }) => {
      nsp.on("connection", (socket) => {
        socket.on("go", async (done: Ack) => {
          try {
            socket.emit("disconnect", () => undefined);
          } catch (error) {
            const awaited = await socket.emitWithAck("connect_error").catch((one: Error) => one.message);
            done((error as Error).message, awaited);
          }
        });
      });
    },
    script: async ({ client }) => {
      const a = await client("a").connects();
      await a.ask("go");
    },
  },
  {
    title: "a client asks another through the server",
    app: ({ nsp }) => {
      nsp.on("connection", (socket) => {
        void socket.join(`${socket.handshake.auth["name"]}`);
        socket.on("ask", async (name: string, question: string, done: Ack) => {
          const [answer] = (await nsp.in(name).timeout(5_000).emitWithAck("question", question)) as unknown[];
          done(answer);
        });
      });
    },
    script: async ({ client }) => {
      const a = await client("a", { auth: { name: "a" } }).connects();
      const b = answers(await client("b", { auth: { name: "b" } }).connects(), "well");
      await a.ask("ask", "b", "how are you?");
      await b.hears("question");
    },
  },
  {
    title: "a room answers, first values only, in the order of the answers",
    app: asker,
    script: async ({ client }) => {
      const open: Ack[] = [];
      const join = async (lane: string) => {
        const one = await client(lane, { auth: { rooms: ["r"] } }).connects();
        one.socket.on("question", (_: string, ack: Ack) => open.push((...args) => ack(...args)));
        return one;
      };
      const b = await join("b");
      const c = await join("c");
      const a = await client("a").connects();
      const asked = a.ask("room", "r", 5_000);
      await Promise.all([b.hears("question"), c.hears("question")]);
      for (const [n, ack] of open.entries()) {
        ack(`answer ${n}`, "and more");
        await a.socket.timeout(5_000).emitWithAck("room", "nobody", 5_000);
      }
      await asked;
    },
  },
  {
    title: "a room with a silent member makes an error, with the answers there are",
    app: asker,
    script: async ({ client }) => {
      answers(await client("b", { auth: { rooms: ["r"] } }).connects(), "b");
      await client("silent", { auth: { rooms: ["r"] } }).connects();
      const a = await client("a").connects();
      await a.ask("room", "r", 700);
      await a.ask("await room", "r", 700);
    },
  },
  {
    title: "an empty room answers at once, with nothing",
    app: asker,
    script: async ({ client }) => {
      const a = await client("a").connects();
      await a.ask("room", "nobody", 20_000);
      await a.ask("await room", "nobody", 20_000);
      await a.ask("others", [], 20_000);
    },
  },
  {
    title: "emitWithAck to a room resolves with a list",
    app: asker,
    script: async ({ client }) => {
      answers(await client("b", { auth: { rooms: ["r"] } }).connects(), { ok: true }, "more");
      const a = await client("a").connects();
      await a.ask("await room", "r", 5_000);
    },
  },
  {
    title: "a broadcast question reaches neither its sender nor the excepted",
    app: asker,
    script: async ({ client }) => {
      const a = answers(await client("a").connects(), "a");
      answers(await client("b").connects(), "b");
      answers(await client("x", { auth: { rooms: ["x"] } }).connects(), "x");
      await a.ask("others", ["x"], 5_000);
    },
  },
  {
    title: "a question to everyone reaches the asker, too",
    app: asker,
    script: async ({ client }) => {
      const a = answers(await client("a").connects(), "same");
      answers(await client("b").connects(), "same");
      await a.ask("everyone", 5_000);
    },
  },
  {
    title: "a member that leaves without an answer is waited for",
    app: asker,
    script: async ({ client }) => {
      const b = await client("b", { auth: { rooms: ["r"] } }).connects();
      const a = await client("a").connects();
      const asked = a.ask("room", "r", 700);
      await b.hears("question");
      b.socket.disconnect();
      await asked;
    },
  },
  {
    title: "namespaces of one connection are asked apart",
    app: ({ nsp, of }) => {
      of("b").on("connection", (socket) => void socket.join("r"));
      nsp.on("connection", (socket) => {
        void socket.join("r");
        socket.on("ask", async (done: Ack) => {
          const both = [nsp.to("r"), of("b").to("r")].map((one) =>
            one.timeout(5_000).emitWithAck("question"),
          );
          done(...(await Promise.all(both)));
        });
      });
    },
    script: async ({ client }) => {
      const a = answers(await client("a").connects(), "main");
      answers(await client("a/b", { nsp: "b", beside: a }).connects(), "beside");
      await a.ask("ask");
    },
  },
  {
    title: "a volatile question is answered like any other",
    app: ({ nsp }) => {
      nsp.on("connection", (socket) => {
        socket.on("go", (done: Ack) => {
          socket.volatile.timeout(5_000).emit("question", hearsAll(done));
        });
      });
    },
    script: async ({ client }) => {
      const a = answers(await client("a").connects(), "yes");
      await a.ask("go");
    },
  },
];
