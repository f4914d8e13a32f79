import { describe, expect, it } from "vitest";
import { createGate, Rig } from "../../support/rig.ts";

type Answer = (...args: unknown[]) => void;

/** Every end of a socket is told, with the rooms it has at that moment. */
function telling(instances = 1) {
  const told: unknown[] = [];
  const rig = new Rig(
    (io) => {
      for (const name of ["/", "/chat"]) {
        io.of(name).on("connection", (socket) => {
          void socket.join("a");
          socket.on("disconnecting", (reason) => {
            told.push([name, "disconnecting", reason, [...socket.rooms].length, socket.connected]);
          });
          socket.on("disconnect", (reason) => {
            told.push([name, "disconnect", reason, [...socket.rooms].length, socket.connected]);
          });
          socket.on("leave", (close?: boolean) => socket.disconnect(close));
          socket.on("kick everyone", (close?: boolean) => io.of(name).disconnectSockets(close));
          socket.on("x", (ack: Answer) => ack());
        });
      }
    },
    { instances },
  );
  const both = (nsp: string, reason: string) => [
    [nsp, "disconnecting", reason, 2, true],
    [nsp, "disconnect", reason, 0, false],
  ];
  return { rig, told, both };
}

const nothingLeft = { roomMembers: 0, namespaceMembers: 0, beats: 0 };

describe("leaving a namespace", () => {
  it("by the client runs both handlers, and the session goes on", async () => {
    const { rig, told, both } = telling(2);
    const client = await rig.connect();
    await client.join("/chat");

    await client.send("41");
    await client.send('420["x"]', '42/chat,1["x"]');

    expect(told.slice(0, 2)).toEqual(both("/", "client namespace disconnect"));
    expect(client.received).toEqual([]);
    expect(client.isClosed).toBe(true);
  });

  it("by the client leaves its other namespaces alone", async () => {
    const { rig, told, both } = telling(2);
    const client = await rig.connect();
    await client.join("/chat");

    await client.send("41");
    await client.send('42/chat,1["x"]');

    expect(told).toEqual(both("/", "client namespace disconnect"));
    expect(client.received).toEqual(["43/chat,1[]"]);
    expect(rig.store.countRows()).toMatchObject({
      sockets: 1,
      roomMembers: 2,
      namespaceMembers: 1,
      joined: 1,
    });
  });

  it("by the server tells the client first", async () => {
    const { rig, told, both } = telling(2);
    const client = await rig.connect();

    await client.send('42["leave"]');

    expect(client.received).toEqual(["41"]);
    expect(told).toEqual(both("/", "server namespace disconnect"));
    expect(client.isClosed).toBe(false);
    expect(rig.store.countRows()).toMatchObject({ sockets: 0, roomMembers: 0, namespaceMembers: 0 });
  });

  it("twice in one handler happens once", async () => {
    const { rig, told } = telling();
    const client = await rig.connect();

    await client.send('42["leave"]', '42["x"]');

    expect(client.received).toEqual(["41"]);
    expect(told.filter((line) => (line as string[])[1] === "disconnect")).toHaveLength(1);
  });

  it("with close ends all namespaces and then the connection", async () => {
    const { rig, told, both } = telling(2);
    const client = await rig.connect();
    await client.join("/chat");

    await client.send('42["leave",true]');

    expect(client.received).toEqual(["41", "41/chat,"]);
    expect(told).toEqual([
      ...both("/", "server namespace disconnect"),
      ...both("/chat", "server namespace disconnect"),
    ]);
    expect(client.isClosed).toBe(true);
    expect(rig.store.countRows()).toMatchObject(nothingLeft);
  });

  it("by order of another client runs the handlers in the session's own turn", async () => {
    const { rig, told, both } = telling(2);
    const [one, two] = [await rig.connect(), await rig.connect("/chat")];

    await two.send('42/chat,["kick everyone",true]');

    expect(told).toEqual(both("/chat", "server namespace disconnect"));
    expect(two.received).toEqual(["41/chat,"]);
    expect([one.isClosed, two.isClosed]).toEqual([false, true]);
  });

  it("by order of a script outside of any turn happens, too", async () => {
    const { rig, told, both } = telling(2);
    const client = await rig.connect();
    const [remote] = await rig.io.fetchSockets();

    remote!.disconnect();
    await rig.io.flush();
    await rig.settle();

    expect(client.received).toEqual(["41"]);
    expect(told).toEqual(both("/", "server namespace disconnect"));
  });

  it("by order of somebody who is late does nothing to the next socket", async () => {
    const { rig, told } = telling();
    const client = await rig.connect();
    const [remote] = await rig.io.fetchSockets();
    await client.send("41");
    await client.join();
    told.length = 0;

    await rig.mailbox.send({
      kind: "kick",
      sid: client.sid,
      nsp: "/",
      socketId: remote!.id as never,
      close: true,
      atMs: 0,
    });
    await rig.settle();

    expect([told, client.received, client.isClosed]).toEqual([[], [], false]);
  });

  it("shows the leaver in disconnecting, and to nobody in disconnect", async () => {
    const seen: unknown[] = [];
    const rig = new Rig((io) => {
      io.on("connection", (socket) => {
        const look = async (event: string) => {
          const sockets = await io.fetchSockets();
          seen.push([event, sockets.some(({ id }) => id === socket.id), sockets.length]);
        };
        socket.on("disconnecting", () => look("disconnecting"));
        socket.on("disconnect", () => look("disconnect"));
      });
    });
    const [one, two] = [await rig.connect(), await rig.connect()];
    await rig.connect();

    await one.send("41");
    await two.leave();

    expect(seen).toEqual([
      ["disconnecting", true, 3],
      ["disconnect", false, 2],
      ["disconnecting", true, 2],
      ["disconnect", false, 1],
    ]);
  });

  it.each([
    ["asks for it", (leaver: { send(frame: string): Promise<void> }) => leaver.send("41")],
    ["is gone", (leaver: { leave(): Promise<void> }) => leaver.leave()],
  ])("takes the socket also out of rooms that others put it into while it %s", async (_, leave) => {
    const gate = createGate();
    const rig = new Rig(
      (io) => {
        io.on("connection", async (socket) => {
          // The listener is slow to bind, so there is time between reading the rooms and leaving them.
          if (socket.replaying) await gate.passed;
          socket.on("disconnect", () => undefined);
        });
      },
      { instances: 2 },
    );
    const client = await rig.connect();
    await leave(client);

    rig.io.socketsJoin("forced");
    await rig.io.flush();
    gate.open();
    await rig.settle();

    expect(rig.store.countRows()).toMatchObject({ roomMembers: 0, namespaceMembers: 0 });
  });
});

describe("the end of a session", () => {
  it("runs both handlers of every namespace, with the rooms in disconnecting", async () => {
    const { rig, told } = telling(2);
    const client = await rig.connect();
    await client.join("/chat");

    await client.leave();

    expect(told).toEqual([
      ["/", "disconnecting", "transport close", 2, true],
      ["/chat", "disconnecting", "transport close", 2, true],
      ["/", "disconnect", "transport close", 0, false],
      ["/chat", "disconnect", "transport close", 0, false],
    ]);
    expect(rig.store.countRows()).toMatchObject(nothingLeft);
  });

  it("waits for asynchronous handlers, and a failing one harms no other", async () => {
    const gate = createGate();
    const told: string[] = [];
    const rig = new Rig((io) => {
      io.on("connection", (socket) => {
        socket.on("disconnecting", () => {
          throw new Error("no");
        });
        socket.on("disconnect", async () => {
          await gate.passed;
          told.push("late");
        });
        socket.on("disconnect", () => told.push("at once"));
      });
    });
    const client = await rig.connect();

    await client.leave();
    const early = [[...told], rig.store.countRows().beats];
    gate.open();
    await rig.settle();

    expect(early).toEqual([["at once"], 1]);
    expect(told).toEqual(["at once", "late"]);
    expect(rig.logged("core.handler_failed")).toMatchObject([{ event: "disconnecting" }]);
    expect(rig.store.countRows()).toMatchObject(nothingLeft);
  });

  it("leaves no row of a room that was joined in disconnecting", async () => {
    const rig = new Rig((io) => {
      io.on("connection", (socket) => {
        socket.on("disconnecting", async () => {
          await Promise.resolve();
          await socket.join("last orders");
        });
      });
    });
    const client = await rig.connect();

    await client.leave();

    expect(rig.store.countRows()).toMatchObject(nothingLeft);
  });

  it("sends the client nothing more, and everybody else what the handlers emit", async () => {
    const rig = new Rig((io) => {
      io.on("connection", (socket) => {
        socket.on("disconnect", () => {
          socket.emit("to itself");
          io.emit("to the others");
        });
      });
    });
    const [one, two] = [await rig.connect(), await rig.connect()];

    await rig.mailbox.send({
      kind: "closed",
      sid: one.sid,
      connectionId: one.connectionId,
      atMs: 0,
      reason: "ping timeout",
    });
    await rig.settle();

    expect([one.received, two.received]).toEqual([[], ['42["to the others"]']]);
    expect(one.isClosed).toBe(true);
  });

  it("reported many times ends once, for the first reason", async () => {
    const { rig, told } = telling(2);
    const client = await rig.connect();
    const close = (reason: "ping timeout" | "transport close") =>
      rig.mailbox.send({
        kind: "closed",
        sid: client.sid,
        connectionId: client.connectionId,
        atMs: 0,
        reason,
      });

    await close("ping timeout");
    await close("transport close");
    await rig.settle();
    await close("transport close");
    await rig.settle();

    expect(told.filter((line) => (line as string[])[1] === "disconnect")).toEqual([
      ["/", "disconnect", "ping timeout", 0, false],
    ]);
  });

  it("of a session nobody knows removes its beat", async () => {
    const { rig } = telling();
    const client = await rig.open();
    await rig.clock.advance(3 * 60 * 60_000);

    await client.leave();

    expect(rig.mailbox.left).toEqual([]);
    expect(rig.logs.filter(({ level }) => level === "error")).toEqual([]);
  });

  it("does not wait for packets behind it, which do not run", async () => {
    const { rig } = telling();
    const client = await rig.connect();
    void rig.mailbox.send({
      kind: "closed",
      sid: client.sid,
      connectionId: client.connectionId,
      atMs: 0,
      reason: "transport close",
    });

    await client.send('420["x"]');

    expect(client.received).toEqual([]);
    expect(rig.mailbox.left).toEqual([]);
  });

  const endings = ["transport close", "ping timeout"] as const;

  /** A client in two namespaces and three rooms leaves; the instance ends after `last` calls of that. */
  async function crashAt(last: number, reason: (typeof endings)[number], again: number | undefined) {
    const { rig, told } = telling();
    const client = await rig.connect();
    await client.join("/chat");
    const { life } = rig.instances[0]!;
    const before = life.calls.length;
    life.endsAfter = before + last;
    if (reason === "transport close") rig.transport.drop(client.connectionId);
    const { sid, connectionId } = client;
    await rig.mailbox.send({ kind: "closed", sid, connectionId, atMs: rig.clock.nowMs(), reason });
    await rig.settle();
    if (again !== undefined) {
      rig.replace(0).life.endsAfter = again;
      await rig.redeliver();
    }
    rig.replace(0);
    await rig.redeliver();
    return { rig, client, told, calls: life.calls.slice(before) };
  }

  it.each(endings.flatMap((reason) => [undefined, 2, 3, 4].map((again) => [reason, again] as const)))(
    "by %s survives a crash at any step, then another after %s calls",
    async (reason, again) => {
      const { calls } = await crashAt(1_000, reason, undefined);

      for (let last = 0; last < calls.length; last += 1) {
        const { rig, client, told } = await crashAt(last, reason, again);
        const session = await rig.store.loadSession(client.sid, { handshake: false });
        const handlers = new Set(told.map((line) => (line as string[]).slice(0, 2).join(" ")));
        expect({
          last,
          phase: session?.session.phase,
          handlers: [...handlers].sort(),
          rows: rig.store.countRows(),
          isClosed: reason === "transport close" || client.isClosed,
          left: rig.mailbox.left.length,
        }).toMatchObject({
          last,
          phase: "closed",
          handlers: ["/ disconnect", "/ disconnecting", "/chat disconnect", "/chat disconnecting"],
          rows: nothingLeft,
          isClosed: true,
          left: 0,
        });
      }
      expect(calls.length).toBeGreaterThanOrEqual(5);
    },
  );

  it("without a crash runs each handler exactly once", async () => {
    for (const reason of endings) {
      const { told } = await crashAt(1_000, reason, undefined);

      expect(told).toHaveLength(4);
    }
  });
});
