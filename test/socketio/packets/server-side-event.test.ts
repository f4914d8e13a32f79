import { describe, expect, it } from "vitest";
import type { Server } from "../../../lib/socketio/server.ts";
import { endInvocations, type Callback } from "../../support/asking.ts";
import { isOver } from "../../support/crashing.ts";
import { Rig, type RigOptions } from "../../support/rig.ts";

type Run = (io: Server, event: string, ...values: unknown[]) => unknown;

/** Clients that have the server tell itself of `work`, whose listeners note what they are given. */
function createRig(run: Run, options: RigOptions = {}, listen: (io: Server) => void = () => undefined) {
  const worked: unknown[] = [];
  const rig = new Rig(
    (io: Server) => {
      io.on("work", (...args: unknown[]) => {
        const answer = args.at(-1);
        worked.push(args.filter((arg) => typeof arg !== "function"));
        if (typeof answer === "function") (answer as Callback)("done", "ignored");
      });
      listen(io);
      io.on("connection", (socket) => {
        socket.on("go", (event: string, ...values: unknown[]) => run(io, event, ...values));
      });
    },
    { instances: 3, ...options },
  );
  return { rig, worked };
}

const go = async (rig: Rig, ...args: unknown[]): Promise<void> => {
  const client = await rig.connect();
  await client.send(`42${JSON.stringify(["go", ...args])}`);
};

/** What comes of asking by emitWithAck and by a callback. */
const asking: [string, (heard: unknown[]) => Run][] = [
  [
    "serverSideEmitWithAck",
    (heard) =>
      (io, event, ...values) =>
        io.serverSideEmitWithAck(event, ...values).then(
          (answers) => heard.push(answers),
          (error: Error & { code?: string; responses?: unknown }) => heard.push(error.code, error.message),
        ),
  ],
  [
    "serverSideEmit with a callback",
    (heard) =>
      (io, event, ...values) =>
        io.serverSideEmit(event, ...values, (error: (Error & { code?: string }) | null, answers: unknown) =>
          error ? heard.push(error.code, error.message) : heard.push(answers),
        ),
  ],
];

describe("serverSideEmit", () => {
  it("runs every listener once, in an invocation of its own, with whatever values", async () => {
    const { rig, worked } = createRig((io) =>
      io.serverSideEmit("work", 1, { a: [undefined, null] }, Buffer.from("x")),
    );

    await go(rig, "work");

    expect(worked).toEqual([[1, { a: [undefined, null] }, Buffer.from("x")]]);
    expect(rig.mailbox.sent.filter(({ kind }) => kind === "serverSide")).toHaveLength(1);
    expect(rig.mailbox.left).toEqual([]);
  });

  it("may emit, and wait, in its listeners", async () => {
    const { rig } = createRig(
      (io) => io.serverSideEmit("greet"),
      {},
      (io) => {
        io.on("greet", async () => {
          io.emit("hello", (await io.fetchSockets()).length);
        });
      },
    );
    const client = await rig.connect();

    await client.send('42["go"]');

    expect(client.received).toEqual(['42["hello",1]']);
  });

  it("of another namespace runs that one's listeners", async () => {
    const heard: unknown[] = [];
    const { rig, worked } = createRig(
      (io) => io.of("/b").serverSideEmit("work", "b"),
      {},
      (io) => {
        io.of("/b").on("work" as never, ((word: unknown) => heard.push(word)) as never);
      },
    );

    await go(rig);

    expect([worked, heard]).toEqual([[], ["b"]]);
  });

  it("returns true, also when nobody listens, and nothing comes of it", async () => {
    const returned: unknown[] = [];
    const { rig, worked } = createRig((io) => returned.push(io.serverSideEmit("nothing")));

    await go(rig);

    expect([returned, worked]).toEqual([[true], []]);
    expect(rig.mailbox.left).toEqual([]);
  });

  it("from outside of any turn is sent as well", async () => {
    const { rig, worked } = createRig(() => undefined);

    rig.io.serverSideEmit("work", "script");
    await rig.io.flush();
    await rig.settle();

    expect(worked).toEqual([["script"]]);
  });

  it("in a connection listener happens once in the life of the socket", async () => {
    const { rig, worked } = createRig(
      () => undefined,
      {},
      (io) => io.on("connection", () => void io.serverSideEmit("work", "arrived")),
    );
    const client = await rig.connect();

    await client.send('42["go"]');
    await client.send('42["go"]');

    expect(worked).toEqual([["arrived"]]);
  });

  it("reports a listener that fails, and runs the others", async () => {
    const { rig, worked } = createRig(
      (io) => io.serverSideEmit("work"),
      {},
      (io) => {
        io.prependListener("work", () => {
          throw new Error("boom");
        });
      },
    );

    await go(rig);

    expect(worked).toEqual([[]]);
    expect(rig.logged("core.handler_failed")).toMatchObject([
      { event: "work", nsp: "/", socketId: "", error: { message: "boom" } },
    ]);
  });

  it("runs again when its instance has crashed", async () => {
    const { rig, worked } = createRig(
      (io) => io.serverSideEmit("tell"),
      { instances: 2 },
      (io) => {
        io.on("tell", () => {
          worked.push("began");
          io.emit("told");
        });
      },
    );
    const client = await rig.connect();
    const { life } = rig.instances[1]!;
    life.endsAfter = life.calls.length + 1;

    await client.send('42["go"]');
    expect(isOver(life)).toBe(true);
    rig.replace(1);
    await rig.redeliver();

    expect(worked).toEqual(["began", "began"]);
    expect(client.received).toEqual(['42["told"]']);
  });

  it.each(["connect", "connection", "new_namespace"])("refuses the name %s", async (event) => {
    const { rig } = createRig((io, name) => io.serverSideEmit(name));

    await go(rig, event);

    expect(rig.logged("core.handler_failed")).toMatchObject([
      { error: { code: "core.reserved_server_event", message: `"${event}" is a reserved event name` } },
    ]);
  });

  it("refuses what no letter can carry, with nothing sent", async () => {
    const { rig } = createRig((io) => io.serverSideEmit("work", "x".repeat(200_000)));

    await go(rig);

    expect(rig.logged("core.handler_failed")).toMatchObject([
      { error: { code: "core.server_event_too_large" } },
    ]);
    expect(rig.mailbox.sent.some(({ kind }) => kind === "serverSide")).toBe(false);
  });
});

describe.each(asking)("%s", (_, toRun) => {
  it("is told the first argument of the one answer there is", async () => {
    const heard: unknown[] = [];
    const { rig } = createRig(toRun(heard));

    await go(rig, "work", 1);
    await rig.advance(500);

    expect(heard).toEqual([["done"]]);
    expect(rig.mailbox.left).toEqual([]);
  });

  it("fails after 5 s when no listener answers", async () => {
    const heard: unknown[] = [];
    const { rig } = createRig(toRun(heard));

    await go(rig, "nothing");
    await rig.advance(4_999);
    const early = [...heard];
    await rig.advance(1);

    expect(early).toEqual([]);
    expect(heard).toEqual(["core.ack_timeout", "timeout reached: only 0 responses received out of 1"]);
  });

  it("waits for a listener that answers from a callback of its own", async () => {
    const heard: unknown[] = [];
    const { rig } = createRig(toRun(heard), {}, (io) => {
      io.on("later", (answer: Callback) => {
        void io.fetchSockets().then((sockets) => answer(sockets.length));
      });
    });

    await go(rig, "later");
    await rig.advance(500);

    expect(heard).toEqual([[1]]);
  });

  it("takes the first of two answers", async () => {
    const heard: unknown[] = [];
    const { rig } = createRig(toRun(heard), {}, (io) => {
      for (const word of ["first", "second"]) io.on("twice", (answer: Callback) => answer(word));
    });

    await go(rig, "twice");
    await rig.advance(500);

    expect(heard).toEqual([["first"]]);
  });

  it("fails for an answer that is too large, which its listener is told, and runs it no second time", async () => {
    const heard: unknown[] = [];
    let runs = 0;
    const { rig } = createRig(toRun(heard), {}, (io) => {
      io.on("huge", (answer: Callback) => {
        runs += 1;
        answer("x".repeat(400_000));
      });
    });

    await go(rig, "huge");
    await rig.advance(5_000);

    expect(rig.logged("core.handler_failed")).toMatchObject([{ error: { code: "core.ack_too_large" } }]);
    expect([heard[0], runs]).toEqual(["core.ack_timeout", 1]);
    expect(rig.mailbox.left).toEqual([]);
  });

  it("ends before its invocation does", async () => {
    const heard: unknown[] = [];
    const { rig } = createRig(toRun(heard));
    endInvocations(rig, 5_000);

    await go(rig, "nothing");
    await rig.advance(3_000);

    expect(heard[0]).toBe("core.ack_timeout");
  });
});
