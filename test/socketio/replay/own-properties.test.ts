import { describe, expect, it } from "vitest";
import { OwnProperties } from "../../../lib/socketio/replay/own-properties.ts";
import { SocketData } from "../../../lib/socketio/replay/socket-data.ts";
import { createGate, Rig, type Gate } from "../../support/rig.ts";

type Fields = Record<string, unknown>;

function build() {
  const never = (error: Error) => {
    throw error;
  };
  const own = new OwnProperties(new SocketData({}, () => false, never, "socket"), never, "socket");
  let looks = 0;
  /** A socket that counts how often somebody asks what is on it. */
  const restore = (): Fields => {
    const socket = new Proxy<Fields>(
      {},
      {
        ownKeys: (target) => {
          looks += 1;
          return Reflect.ownKeys(target);
        },
      },
    );
    return own.restore(socket, () => socket);
  };
  return { own, restore, looks: () => looks };
}

describe("sockets of one batch", () => {
  it.each([
    ["end at once", true],
    ["all run at the same time", false],
  ])("are looked at as often in a large one as in a small one, when their handlers %s", (_, ends) => {
    const looksEach = (packets: number): number => {
      const { own, restore, looks } = build();
      for (let n = 0; n < packets; n += 1) {
        const socket = restore();
        if (ends) own.release(socket);
        own.changes();
      }
      return looks() / packets;
    };

    expect(looksEach(4_000)).toBeLessThan(looksEach(400) * 1.5);
  });

  it("are not looked at any more when their turn is over", () => {
    const { own, restore, looks } = build();
    const sockets = Array.from({ length: 3 }, restore);
    for (const socket of sockets) own.release(socket);
    const before = looks();

    own.changes();

    expect(looks() - before).toBe(0);
  });

  it("keep what was put on them when their turn ends, however many came after", () => {
    const { own, restore } = build();
    const first = restore();
    for (let n = 0; n < 100; n += 1) restore();
    first["user"] = "Ada";

    own.release(first);

    expect(own.changes()).toEqual({ set: { user: '"Ada"' }, remove: [] });
    expect(restore()["user"]).toBe("Ada");
  });

  it("show what was taken off one of them", () => {
    const { own, restore } = build();
    restore()["user"] = "Ada";
    const changes = own.changes();
    own.markStored(changes!);
    const later = restore();

    delete later["user"];
    own.release(later);

    expect(own.changes()).toEqual({ set: {}, remove: ["user"] });
  });
});

describe("a property that a handler sets after an await", () => {
  function build() {
    const gates: Gate[] = [];
    const rig = new Rig((io) => {
      io.on("connection", (socket) => {
        const own = socket as typeof socket & { user?: string };
        own.on("login", async (name: string) => {
          const gate = createGate();
          gates.push(gate);
          await gate.passed;
          own.user = name;
        });
        own.on("who", (ack: (user?: string) => void) => ack(own.user));
      });
    });
    return { rig, gates };
  }

  it("is stored when the handler ends, behind any number of others that still run", async () => {
    const { rig, gates } = build();
    const client = await rig.connect();
    rig.mailbox.batchSize = 50;
    client.write('42["login","Ada"]', ...Array.from({ length: 40 }, () => '42["login","Eve"]'));
    await rig.settle();

    gates[0]!.open();
    await rig.settle();
    const [socket] = (await rig.store.loadSession(client.sid, { handshake: false }))!.sockets;

    expect(socket!.data["own.user"]).toBe('"Ada"');
    for (const gate of gates) gate.open();
    await rig.settle();
  });

  it("is stored when the handler's letter is released before its end", async () => {
    const stages = [createGate(), createGate()];
    const rig = new Rig((io) => {
      io.on("connection", (socket) => {
        const own = socket as typeof socket & { step?: string };
        own.on("steps", async () => {
          await stages[0]!.passed;
          own.step = "first";
          await stages[1]!.passed;
        });
      });
    });
    const client = await rig.connect();
    await client.send('42["steps"]');

    stages[0]!.open();
    await rig.settle();
    await rig.advance(25);
    const [socket] = (await rig.store.loadSession(client.sid, { handshake: false }))!.sockets;

    expect(socket!.data["own.step"]).toBe('"first"');
    stages[1]!.open();
    await rig.settle();
  });
});

describe("events of one POST", () => {
  it("share the look for what has changed when they end in one go", async () => {
    const saves: unknown[] = [];
    const rig = new Rig((io) => {
      io.on("connection", (socket) => socket.on("x", () => undefined));
      const { save } = io.engine;
      io.engine.save = (session, turn) => {
        saves.push(session);
        return save.call(io.engine, session, turn);
      };
    });
    const client = await rig.connect();
    rig.mailbox.batchSize = 50;
    saves.splice(0);

    await client.send(...Array.from({ length: 50 }, () => '42["x"]'));

    expect(saves).toHaveLength(1);
  });
});
