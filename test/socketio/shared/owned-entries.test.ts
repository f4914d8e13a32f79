import { describe, expect, it } from "vitest";
import type { Server } from "../../../lib/socketio/server.ts";
import type { Callback } from "../../support/asking.ts";
import { Rig, type Client, type RigOptions } from "../../support/rig.ts";

/** Who connects is online until they go; `list` says who is, as a socket's own handlers see it. */
function createRig(options: RigOptions = {}) {
  return new Rig(
    (io: Server) => {
      const online = io.shared<string>("online");
      const list = async () => {
        const names: string[] = [];
        for await (const name of online.keys()) names.push(name);
        return names;
      };
      const onConnection = (socket: Parameters<Parameters<typeof io.on>[1]>[0]) => {
        const name = `${socket.handshake.query["name"]}${socket.nsp.name === "/" ? "" : socket.nsp.name}`;
        socket.on("enter", async (done: Callback) => {
          await online.set(name, socket.id, { owner: socket });
          done(await list());
        });
        socket.on("take", async (other: string, done: Callback) => {
          await online.set(other, socket.id, { owner: socket });
          done(await list());
        });
        socket.on("keep", async (done: Callback) => {
          await online.set(name, "for ever");
          done(await list());
        });
        socket.on("fill", async (count: number, done: Callback) => {
          try {
            for (let n = 0; n < count; n++) await online.set(`${n}`, "x", { owner: socket });
            done("filled");
          } catch (error) {
            done((error as { code: string }).code);
          }
        });
        socket.on("list", async (done: Callback) => done(await list()));
        socket.on("disconnecting", async () => void seen.push(["disconnecting", await list()]));
        socket.on("disconnect", async () => void seen.push(["disconnect", await list()]));
      };
      io.on("connection", onConnection);
      io.of("/admin").on("connection", onConnection);
    },
    { instances: 3, ...options },
  );
}

const seen: unknown[] = [];

async function ask(client: Client, ...event: unknown[]): Promise<unknown> {
  void client.received;
  await client.send(`421${JSON.stringify(event)}`);
  const ack = client.received.find((frame) => frame.startsWith("431"));
  return (JSON.parse(ack?.slice(3) ?? "[]") as unknown[])[0];
}

async function enter(rig: Rig, name: string): Promise<Client> {
  const client = await rig.open({ name });
  await client.send("40");
  await ask(client, "enter");
  return client;
}

describe("an entry with an owner", () => {
  it("goes when its socket goes, before `disconnect` runs", async () => {
    const rig = createRig();
    const [ann, bob] = [await enter(rig, "ann"), await enter(rig, "bob")];
    expect(await ask(bob, "list")).toEqual(["ann", "bob"]);
    seen.length = 0;

    await ann.leave();

    expect(seen).toEqual([
      ["disconnecting", ["ann", "bob"]],
      ["disconnect", ["bob"]],
    ]);
    expect(await ask(bob, "list")).toEqual(["bob"]);
    expect(rig.store.countRows().shared).toBe(1);
  });

  it("goes when its socket leaves the namespace, and no other's with it", async () => {
    const rig = createRig();
    const ann = await enter(rig, "ann");
    await ann.send("40/admin,");
    await ann.send('42/admin,1["enter"]');
    expect(await ask(ann, "list")).toEqual(["ann", "ann/admin"]);

    await ann.send("41/admin,");

    expect(await ask(ann, "list")).toEqual(["ann"]);
    await ann.leave();
    expect(rig.store.countRows()).toMatchObject({ shared: 0 });
  });

  it("stays with whoever has set it last", async () => {
    const rig = createRig();
    const [ann, bob] = [await enter(rig, "ann"), await enter(rig, "bob")];
    expect(await ask(bob, "take", "ann")).toEqual(["ann", "bob"]);

    await ann.leave();
    expect(await ask(bob, "list")).toEqual(["ann", "bob"]);
    await bob.leave();

    expect(rig.store.countRows().shared).toBe(0);
  });

  it("stays for good once it is set without an owner", async () => {
    const rig = createRig();
    const ann = await enter(rig, "ann");
    await ask(ann, "keep");

    await ann.leave();

    expect(rig.store.countRows().shared).toBe(1);
  });

  it("goes with a client that a sweep finds silent", async () => {
    const rig = createRig({ pingInterval: 25_000, pingTimeout: 20_000 });
    await enter(rig, "ann");

    for (let minute = 0; minute < 3; minute++) {
      await rig.advance(60_000);
      await rig.sweep();
    }

    expect(rig.store.countRows().shared).toBe(0);
  });

  it("goes when the close crashes and comes again", async () => {
    const rig = createRig();
    const ann = await enter(rig, "ann");
    for (const { life } of rig.instances) life.endsAfter = life.calls.length + 3;
    await ann.leave();
    expect(rig.store.countRows().shared).toBe(1);

    rig.instances.forEach((_, index) => rig.replace(index));
    await rig.redeliver();

    expect(rig.store.countRows().shared).toBe(0);
  });

  it("expires with its owner's session, whatever becomes of the close", async () => {
    const rig = createRig();
    await enter(rig, "ann");

    await rig.advance(3 * 60 * 60 * 1000);

    expect(rig.store.countRows().shared).toBe(0);
  });

  it("is one of a hundred at most", async () => {
    const rig = createRig();
    const ann = await rig.connect();

    expect(await ask(ann, "fill", 100)).toBe("filled");
    expect(await ask(ann, "fill", 100)).toBe("filled");
    expect(await ask(ann, "fill", 101)).toBe("core.shared_too_many_owned");
    await ann.leave();

    expect(rig.store.countRows().shared).toBe(0);
  });

  it("is refused where its socket is not connected yet", async () => {
    const codes: string[] = [];
    const rig = new Rig((io: Server) => {
      io.use((socket, next) => {
        io.shared("online")
          .set("ann", 1, { owner: socket })
          .catch((error: { code: string }) => codes.push(error.code))
          .finally(() => next());
      });
    });
    await rig.connect();

    expect(codes).toEqual(["core.shared_bad_owner"]);
    expect(rig.store.countRows().shared).toBe(0);
  });
});
