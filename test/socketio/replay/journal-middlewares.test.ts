import { describe, expect, it } from "vitest";
import type { Server } from "../../../lib/socketio/server.ts";
import { drain } from "../../support/manual-clock.ts";
import { Rig, type Client } from "../../support/rig.ts";

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

describe("an event that changes the handlers, behind event middlewares", () => {
  it("is repeated with the arguments that its handlers got", async () => {
    const rig = rigOf((io) => {
      io.on("connection", (socket) => {
        socket.use((event, next) => {
          event[1] = String(event[1]).toUpperCase();
          next();
        });
        socket.on("login", (name: string, ack: () => void) => {
          ack();
          socket.on("move", () => socket.emit("moved", name));
        });
      });
    });
    const client = await rig.connect();
    await client.send('421["login","ann"]');

    const frames = await send(client, '["move"]');

    expect(frames).toEqual(['42["moved","ANN"]']);
  });

  it("is repeated under the name that they gave it", async () => {
    const rig = rigOf((io) => {
      io.on("connection", (socket) => {
        socket.use((event, next) => {
          if (event[0] === "old login") event[0] = "login";
          next();
        });
        socket.on("login", (name: string) => {
          socket.on("move", () => socket.emit("moved", name));
        });
      });
    });
    const client = await rig.connect();

    const frames = await send(client, '["old login","ann"]', '["move"]');

    expect(frames).toEqual(['42["moved","ann"]']);
  });

  it("and was refused by one, is repeated to the catch-all listeners alone", async () => {
    const rig = rigOf((io) => {
      io.on("connection", (socket) => {
        socket.onAny((event: string) => {
          if (event === "login") socket.on("seen", () => socket.emit("seen"));
        });
        socket.use(([event], next) => next(event === "login" ? new Error("no") : undefined));
        socket.on("login", () => {
          socket.on("move", () => socket.emit("moved"));
        });
      });
    });
    const client = await rig.connect();

    const frames = await send(client, '["login"]', '["move"]', '["seen"]');

    expect(frames).toEqual(['42["seen"]']);
  });
});
