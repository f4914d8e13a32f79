import { describe, expect, it } from "vitest";
import { PollClient } from "../../support/poll-client.ts";
import { Rig } from "../../support/rig.ts";

describe("io.close()", () => {
  it("ends every session, in namespaces or in none, and tells the reason to the handlers", async () => {
    const reasons: string[] = [];
    const rig = new Rig(
      (io) => {
        for (const nsp of [io.of("/"), io.of("/static"), io.of(/^\/dynamic-/)]) {
          nsp.on("connection", (socket) =>
            socket.on("disconnect", (reason) => reasons.push(`${socket.nsp.name} ${reason}`)),
          );
        }
      },
      { instances: 2 },
    );
    const clients = [
      await rig.connect(),
      await rig.connect("/static"),
      await rig.connect("/dynamic-1"),
      await rig.open(),
    ];
    for (const client of clients) void client.received;

    await rig.io.close();
    await rig.settle();

    expect(reasons.toSorted()).toEqual([
      "/ server shutting down",
      "/dynamic-1 server shutting down",
      "/static server shutting down",
    ]);
    expect(clients.map((client) => client.isClosed)).toEqual([true, true, true, true]);
    // No `41`: the clients are to come back.
    expect(clients.flatMap((client) => client.received)).toEqual([]);
    expect(rig.store.countRows()).toMatchObject({ namespaceMembers: 0, roomMembers: 0 });
  });

  it("calls back, and lets new clients in", async () => {
    const rig = new Rig(() => undefined);
    await rig.connect();
    let called = 0;

    await rig.io.close(() => (called += 1));
    await rig.settle();
    const later = await rig.connect();

    expect(called).toBe(1);
    expect(later.isClosed).toBe(false);
  });

  it("ends sessions that were opened with another ping interval", async () => {
    const rig = new Rig(() => undefined, { pingInterval: 60_000 });
    const client = await rig.connect();
    await rig.sweep();
    const later = new Rig(() => undefined, { pingInterval: 120_000 });
    const { runtime } = later.instances[0]!;
    Object.assign(runtime, { store: rig.store, mailbox: rig.mailbox });

    await later.io.close();
    await rig.settle();

    expect(client.isClosed).toBe(true);
  });

  it("does nothing in a replay, and in a handler ends the caller as well", async () => {
    const reasons: string[] = [];
    const rig = new Rig((io) => {
      io.on("connection", (socket) => {
        if (socket.handshake.auth["close"]) void io.close();
        socket.on("close", () => io.close());
        socket.on("echo", () => socket.emit("echo"));
        socket.on("disconnect", (reason) => reasons.push(reason));
      });
    });
    const client = await rig.connect();
    await client.send('42["echo"]');
    const before = client.isClosed;

    await client.send('42["close"]');

    expect(before).toBe(false);
    expect(client.isClosed).toBe(true);
    expect(reasons).toEqual(["server shutting down"]);
  });

  it("answers the request that a polling client has waiting with a close", async () => {
    const reasons: string[] = [];
    const rig = new Rig((io) => {
      io.on("connection", (socket) => socket.on("disconnect", (reason) => reasons.push(reason)));
    });
    const client = await PollClient.connect(rig);
    const parked = await client.park();

    await rig.io.close();
    await rig.advance(1_000);

    expect((await parked.answer).body).toBe("1");
    expect(reasons).toEqual(["server shutting down"]);
  });
});
