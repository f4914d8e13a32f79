import { describe, expect, it } from "vitest";
import type { Server } from "../../../lib/socketio/server.ts";
import { Rig } from "../../support/rig.ts";

const KB = 1024;

function app(io: Server): void {
  io.on("connection", (socket) => {
    socket.on("data", (key: string, bytes: number) => {
      Object.assign(socket.data as object, { [key]: "d".repeat(bytes) });
    });
    socket.on("own", (key: string, bytes: number) => Object.assign(socket, { [key]: "o".repeat(bytes) }));
    socket.on("request", (key: string, bytes: number) =>
      Object.assign(socket.request, { [key]: "r".repeat(bytes) }),
    );
    socket.on("delete", (key: string) => {
      delete (socket.data as Record<string, unknown>)[key];
    });
    socket.on("remote", async (bytes: number) => {
      const [remote] = await io.in(socket.id).fetchSockets();
      Object.assign(remote!.data as object, { far: "f".repeat(bytes) });
    });
    socket.on("read", (key: string) => {
      const data = socket.data as Record<string, unknown>;
      socket.emit("read", Object.hasOwn(data, key) ? data[key] : "none");
    });
  });
}

const keysOf = async (rig: Rig, client: Awaited<ReturnType<Rig["connect"]>>): Promise<string[]> =>
  Object.keys((await rig.store.loadSession(client.sid, { handshake: false }))!.sockets[0]!.data).sort();

const tooLarge = (rig: Rig): unknown[] =>
  rig.logs.filter(({ error }) => (error as { code?: string } | undefined)?.code === "core.data_too_large");

describe("what is kept with a socket", () => {
  it.each([
    ["own properties beside data", ['42["data","a",200000]', '42["own","b",100000]'], ["data.a"]],
    ["data beside own properties", ['42["own","b",200000]', '42["data","a",100000]'], ["own.b"]],
    ["properties of the request", ['42["data","a",200000]', '42["request","c",100000]'], ["data.a"]],
    ["names", [`42["data","${"k".repeat(270 * KB)}",1]`], []],
    ["data written from afar", ['42["own","b",200000]', '42["remote",100000]'], ["own.b"]],
  ])("is at most 256 KB in all: %s", async (_, frames, expected) => {
    const rig = new Rig(app, { instances: 2, maxHttpBufferSize: 1_000_000 });
    const client = await rig.connect();
    for (const frame of frames) await client.send(frame);

    expect(await keysOf(rig, client)).toEqual(expected);
    expect(tooLarge(rig).length).toBeGreaterThan(0);
    expect(rig.mailbox.left).toEqual([]);
  });

  it("stores the one that fits when another of the same turn does not", async () => {
    const rig = new Rig((io) => {
      io.on("connection", (socket) =>
        socket.on("both", () => {
          socket.data = { small: 1 };
          Object.assign(socket, { large: "x".repeat(300 * KB) });
        }),
      );
    });
    const client = await rig.connect();

    await client.send('42["both"]');

    expect(await keysOf(rig, client)).toEqual(["data.small"]);
  });

  it("has room again for what takes the place of something", async () => {
    const rig = new Rig(app, { instances: 2 });
    const client = await rig.connect();
    for (const frame of ['42["data","a",200000]', '42["delete","a"]', '42["own","b",200000]'])
      await client.send(frame);

    expect(await keysOf(rig, client)).toEqual(["own.b"]);
    expect(tooLarge(rig)).toEqual([]);
  });

  it.each(["constructor", "toString", "__proto__", "hasOwnProperty"])(
    "has and loses a key that every object inherits: %s",
    async (key) => {
      const rig = new Rig(app, { instances: 2 });
      const client = await rig.connect();

      await client.send(`42["data","${key}",3]`);
      void client.received;
      await client.send(`42["read","${key}"]`);
      const before = client.received;
      await client.send(`42["delete","${key}"]`);
      await client.send(`42["read","${key}"]`);

      // Assigning to `__proto__` sets no key, of any object.
      const isKey = key !== "__proto__";
      expect(before).toEqual([isKey ? '42["read","ddd"]' : '42["read","none"]']);
      expect(client.received).toEqual(['42["read","none"]']);
      expect(await keysOf(rig, client)).toEqual([]);
    },
  );
});
