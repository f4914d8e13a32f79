import { describe, expect, it } from "vitest";
import type { Server } from "../../../lib/socketio/server.ts";
import { drain } from "../../support/manual-clock.ts";
import { createGate, Rig, type Client } from "../../support/rig.ts";

const rigOf = (app: (io: Server) => void) => new Rig(app, { instances: 3 });

const send = async (client: Client, ...events: string[]): Promise<string[]> => {
  void client.received;
  for (const event of events) {
    await client.send(`42${event}`);
    // A replay whose listener has asked for something lets that come first, which takes a moment of the event loop.
    await drain();
  }
  return client.received;
};

describe("a handler that changes the handlers", () => {
  it("of a child namespace is journaled there", async () => {
    const rig = rigOf((io) => {
      io.of(/^\/room-\d+$/).on("connection", (socket) => {
        socket.on("login", (name: string) => {
          socket.on("move", () => socket.emit("moved", name, socket.nsp.name));
        });
      });
    });
    const client = await rig.open();
    await client.join("/room-1");
    await client.join("/room-2");
    void client.received;

    for (const packet of ['/room-1,["login","ann"]', '/room-2,["move"]', '/room-1,["move"]']) {
      await client.send(`42${packet}`);
    }

    expect(client.received).toEqual(['42/room-1,["moved","ann","/room-1"]']);
  });

  it("of another socket is told that it would be forgotten", async () => {
    const rig = new Rig((io) => {
      let captured: { on(event: string, listener: () => void): unknown } | undefined;
      io.on("connection", (socket) => {
        captured = socket;
        socket.on("known", () => undefined);
      });
      io.of("/b").on("connection", (socket) => {
        socket.on("reach over", () => captured?.on("move", () => undefined));
      });
    });
    const client = await rig.connect();
    await client.join("/b");
    await client.send('42["known"]', '42/b,["reach over"]');

    expect(rig.logged("core.handler_failed")).toMatchObject([
      { nsp: "/b", error: { code: "core.registration_in_handler" } },
    ]);
  });

  it("stays journaled when it does so after its message was released", async () => {
    const gate = createGate();
    const rig = rigOf((io) => {
      io.on("connection", (socket) => {
        socket.on("login", async () => {
          if (!socket.replaying) await gate.passed;
          socket.on("move", () => socket.emit("moved"));
        });
      });
    });
    const client = await rig.connect();
    await client.send('42["login"]');
    await rig.advance(100);
    gate.open();
    await rig.settle();

    const frames = await send(client, '["move"]', '["move"]');

    expect(frames).toEqual(['42["moved"]', '42["moved"]']);
  });

  it("stays journaled when it does so after its turn, which is logged", async () => {
    const gate = createGate();
    const rig = rigOf((io) => {
      io.on("connection", (socket) => {
        socket.on("login", () => {
          if (socket.replaying) socket.on("move", () => socket.emit("moved"));
          else void gate.passed.then(() => socket.on("move", () => undefined));
        });
      });
    });
    const client = await rig.connect();
    await client.send('42["login"]');
    gate.open();
    await rig.settle();

    const frames = await send(client, '["move"]');

    expect(frames).toEqual(['42["moved"]']);
    expect(rig.logged("core.stray_effect")).toHaveLength(1);
  });

  it("does not bring back what later handlers took off the socket", async () => {
    const rig = rigOf((io) => {
      io.on("connection", (socket: Parameters<Parameters<Server["on"]>[1]>[0] & { token?: string }) => {
        socket.on("login", (token: string) => {
          socket.token = token;
          socket.on("logout", () => delete socket.token);
        });
        socket.on("token", () => socket.emit("token", socket.token ?? "none"));
      });
    });
    const client = await rig.connect();

    const frames = await send(client, '["login","t"]', '["token"]', '["logout"]', '["known"]', '["token"]');

    expect(frames).toEqual(['42["token","t"]', '42["token","none"]']);
  });

  it("finds listeners in the order in which they were registered, spent ones included", async () => {
    const rig = rigOf((io) => {
      io.on("connection", (socket) => {
        const binds = (who: string) => () => socket.on("move", () => socket.emit("moved", who));
        socket.on("login", binds("first"));
        socket.once("login", binds("second"));
        socket.on("login", binds("third"));
      });
    });
    const client = await rig.connect();

    const frames = await send(client, '["login"]', '["move"]');

    expect(frames).toEqual(['42["moved","first"]', '42["moved","second"]', '42["moved","third"]']);
  });
});
