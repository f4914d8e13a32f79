import { describe, expect, it } from "vitest";
import type { Server } from "../../../lib/socketio/server.ts";
import { Rig, type Client } from "../../support/rig.ts";

const rigOf = (app: (io: Server) => void) => new Rig(app, { instances: 3 });

describe("the listeners of a socket that goes", () => {
  const log: string[] = [];
  const app = (io: Server): void => {
    io.on("connection", (socket) => {
      socket.on("login", (name: string) => {
        socket.on("disconnecting", () => log.push(`${name} is going`));
        socket.on("disconnect", (reason) => log.push(`${name} is gone: ${reason}`));
      });
      socket.on("bye", () => socket.disconnect());
    });
  };

  it.each([
    ["a close", (client: Client) => client.leave(), "transport close"],
    ["a disconnect packet", (client: Client) => client.send("41"), "client namespace disconnect"],
    ["its own disconnect()", (client: Client) => client.send('42["bye"]'), "server namespace disconnect"],
    ["a violation", (client: Client) => client.send("4abc"), "forced close"],
  ])("hear of %s, though an event registered them", async (_, go, reason) => {
    log.length = 0;
    const rig = rigOf(app);
    const client = await rig.connect();
    await client.send('42["login","ann"]');

    await go(client);

    expect(log).toEqual(["ann is going", `ann is gone: ${reason}`]);
  });

  it("hear of being kicked, too", async () => {
    log.length = 0;
    const rig = rigOf(app);
    const client = await rig.connect();
    await client.send('42["login","ann"]');

    rig.io.disconnectSockets();
    await rig.settle();

    expect(log).toEqual(["ann is going", "ann is gone: server namespace disconnect"]);
  });

  it.each([
    ["a close", (client: Client) => client.leave()],
    ["its own disconnect()", (client: Client) => client.send('42["bye"]')],
  ])("may take listeners off at %s, and register more in vain", async (_, go) => {
    const rig = rigOf((io) => {
      io.on("connection", (socket) => {
        socket.on("bye", () => socket.disconnect());
        socket.on("disconnecting", () => socket.removeAllListeners());
        socket.once("disconnect", () => socket.on("more", () => undefined));
      });
    });
    const client = await rig.connect();

    await go(client);

    expect(rig.logged("core.handler_failed")).toEqual([]);
  });

  it("hear of it as well when the connection listener binds them after an await", async () => {
    const rig = rigOf((io) => {
      io.on("connection", async (socket) => {
        socket.on("bye", () => socket.disconnect());
        await Promise.resolve();
        socket.on("disconnect", (reason) => io.emit("gone", reason));
      });
    });
    const [client, other] = [await rig.connect(), await rig.connect()];

    await client.send('42["bye"]');

    expect(other.received).toEqual(['42["gone","server namespace disconnect"]']);
  });
});
