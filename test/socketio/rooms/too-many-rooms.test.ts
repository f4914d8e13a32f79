import { describe, expect, it } from "vitest";
import type { Server } from "../../../lib/socketio/server.ts";
import { MAX_ROOMS } from "../../../lib/socketio/rooms/join-from-outside.ts";
import { Rig } from "../../support/rig.ts";

const roomsOf = (from: number, to: number): string[] =>
  Array.from({ length: to - from }, (_, index) => `room ${from + index}`);

function app(io: Server): void {
  for (const nsp of [io, io.of("/other")]) {
    nsp.on("connection", (socket) => {
      socket.on("join", (from: number, to: number) => socket.join(roomsOf(from, to)));
      socket.on("leave", (room: number) => socket.leave(`room ${room}`));
      socket.on("put", (id: string, from: number, to: number) => {
        io.in(id).socketsJoin(roomsOf(from, to));
      });
      socket.on("count", () => socket.emit("rooms", socket.rooms.size - 1));
    });
  }
}

/** What the socket says of its rooms, and what the table does. */
async function count(rig: Rig, client: Awaited<ReturnType<Rig["connect"]>>, nsp = ""): Promise<unknown> {
  void client.received;
  await client.send(`42${nsp}["count"]`);
  const said = Number(/\["rooms",(\d+)\]/.exec(client.received.at(-1) ?? "")?.[1]);
  const snapshot = await rig.store.loadSession(client.sid, { handshake: false });
  return { said, stored: snapshot?.joined.length };
}

const failures = (rig: Rig): unknown[] =>
  rig.logs.flatMap(({ error, code }) => (error as { code?: string } | undefined)?.code ?? code ?? []);

describe("the rooms of a session", () => {
  it(`are up to ${MAX_ROOMS}; a join of more is the handler's mistake, and joins none`, async () => {
    const rig = new Rig(app);
    const client = await rig.connect();
    await client.send(`42["join",0,${MAX_ROOMS}]`);
    expect(await count(rig, client)).toEqual({ said: MAX_ROOMS, stored: MAX_ROOMS });

    await client.send(`42["join",${MAX_ROOMS - 1},${MAX_ROOMS + 2}]`);

    expect(failures(rig)).toContain("core.too_many_rooms");
    expect(await count(rig, client)).toEqual({ said: MAX_ROOMS, stored: MAX_ROOMS });
    expect(client.isClosed).toBe(false);
  });

  it("may be others as soon as some are left", async () => {
    const rig = new Rig(app, { instances: 2 });
    const client = await rig.connect();
    await client.send(`42["join",0,${MAX_ROOMS}]`);

    await client.send('42["leave",3]', `42["join",${MAX_ROOMS},${MAX_ROOMS + 1}]`);

    expect(failures(rig)).toEqual([]);
    expect(await count(rig, client)).toEqual({ said: MAX_ROOMS, stored: MAX_ROOMS });
  });

  it("count over all of its namespaces", async () => {
    const rig = new Rig(app);
    const client = await rig.connect();
    await client.join("/other");
    await client.send(`42["join",0,${MAX_ROOMS - 1}]`, '42/other,["join",0,2]', '42/other,["join",0,1]');

    expect(failures(rig)).toEqual(["core.too_many_rooms"]);
    expect(await count(rig, client, "/other,")).toEqual({ said: 1, stored: MAX_ROOMS });
  });

  it.each([1, 2])("are no more when others put its socket into them, on %i instances", async (instances) => {
    const rig = new Rig(app, { instances });
    const [client, other] = [await rig.connect(), await rig.connect()];
    await client.send(`42["join",0,${MAX_ROOMS - 1}]`);
    const sid = (await rig.store.loadSession(client.sid, { handshake: false }))!.sockets[0]!.socketId;

    for (const who of [other, client]) {
      await who.send(`42["put","${sid}",${MAX_ROOMS},${MAX_ROOMS + 3}]`);
      expect(await count(rig, client)).toEqual({ said: MAX_ROOMS - 1, stored: MAX_ROOMS - 1 });
    }
    await other.send(`42["put","${sid}",${MAX_ROOMS},${MAX_ROOMS + 1}]`);

    expect(await count(rig, client)).toEqual({ said: MAX_ROOMS, stored: MAX_ROOMS });
    expect(rig.logged("core.too_many_rooms")).toMatchObject([
      { level: "warn", rooms: MAX_ROOMS + 2 },
      { level: "warn", rooms: MAX_ROOMS + 2 },
    ]);
  });

  it("keep a middleware's client out when it joins more", async () => {
    const rig = new Rig((io) => {
      io.use((socket, next) => {
        void socket.join(roomsOf(0, MAX_ROOMS + 1));
        next();
      });
    });
    const client = await rig.open();
    void client.received;

    await client.send("40");

    expect(client.received).toEqual([expect.stringMatching(/^44\{"message":/)]);
    expect((await rig.store.loadSession(client.sid, { handshake: false }))?.joined).toEqual([]);
  });
});
