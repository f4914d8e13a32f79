import { createServer } from "node:http";
import { describe, expect, it } from "vitest";
import { Server } from "../../../lib/socketio/server.ts";
import { Rig } from "../../support/rig.ts";

const untyped = (io: Server) => io as unknown as Record<string, (...args: unknown[]) => unknown>;

describe("the server", () => {
  it.each<[string, unknown]>([
    ["a port", 3000],
    ["a port as text", "3000"],
    ["an HTTP server", createServer()],
  ])("is attached to %s, with its options behind", (_what, first) => {
    const io = new Server(first as number, { path: "/x" });

    expect(io.path()).toBe("/x");
    expect(io.httpServer.listenerCount("request")).toBe(0);
    if (typeof first === "object") expect(io.httpServer).toBe(first);
  });

  it.each<[string, unknown, RegExp]>([
    [
      "an Express app",
      () => undefined,
      /got a request listener such as an Express app: `http.createServer\(app\)`/,
    ],
    ["a word", "three", /got three/],
    ["nothing that listens", true, /got true/],
  ])("is attached to no %s", (_what, first, message) => {
    const io = new Server();

    for (const attach of [
      () => new Server(first as number),
      () => io.attach(first as number),
      () => io.listen(first as number),
    ]) {
      expect(attach).toThrow(expect.objectContaining({ code: "config.no_server_to_attach" }));
      expect(attach).toThrow(message);
    }
  });

  it.each(["attach", "listen"] as const)(
    "is attached later, by %s, with options it was not given before",
    (member) => {
      const http = createServer();
      const io = new Server({ pingInterval: 1_000 });

      expect(io[member](http, { path: "/x", pingInterval: 9_000 })).toBe(io);

      expect(io.httpServer).toBe(http);
      expect(io.path()).toBe("/x");
      expect(io.engine.options.pingIntervalMs).toBe(1_000);
      expect(() => io.attach(http, { colour: "red" } as object)).toThrow(
        expect.objectContaining({ code: "config.unknown_option" }),
      );
    },
  );

  it("takes its options where socket.io takes them", () => {
    expect(new Server(undefined, { path: "/x" }).path()).toBe("/x");
    expect(new Server({ path: "/x" }).path()).toBe("/x");
    expect(new Server(undefined).path()).toBe("/socket.io");
  });

  it("tells its settings, and takes them by the constructor alone", () => {
    const io = new Server({ connectTimeout: 1_000, serveClient: false, cleanupEmptyChildNamespaces: true });

    expect([io.path(), io.connectTimeout(), io.serveClient()]).toEqual(["/socket.io", 1_000, false]);
    for (const name of ["path", "connectTimeout", "serveClient"]) {
      expect(() => untyped(io)[name]!(1)).toThrow(expect.objectContaining({ code: "config.set_by_option" }));
    }
  });

  it("has its options as they were given", () => {
    const given = { path: "/x", connectTimeout: 1_000 };

    expect(new Server(given).opts).toEqual(given);
    expect(new Server(undefined, given).opts).toEqual(given);
    expect(new Server().opts).toEqual({});
  });

  it.each(["attachApp", "bind", "onconnection"])("has nothing to %s with", (member) => {
    const io = new Server();

    expect(() => untyped(io)[member]!(3000)).toThrow(expect.objectContaining({ code: "core.no_server" }));
    expect(() => untyped(io)[member]!(3000)).toThrow(/createHandlers\(\{ io \}\)/);
  });

  it.each<[string, string, (io: Server) => unknown]>([
    ["nsp.sockets", "core.no_local_sockets", (io) => io.of("/x").sockets],
    ["nsp.adapter.rooms", "core.no_adapter", (io) => io.of("/x").adapter.rooms],
    ["nsp.adapter.sids", "core.no_adapter", (io) => io.of("/x").adapter.sids],
    ["io.adapter()", "core.no_adapter", (io) => io.adapter()],
    ["io.httpServer", "core.no_server", (io) => io.httpServer],
    ["io.engine.clientsCount", "core.no_server", (io) => io.engine.clientsCount],
    ["io.engine.generateId", "core.no_server", (io) => io.engine.generateId],
    ["io.engine.generateId, set,", "core.no_server", (io) => (io.engine.generateId = () => "id")],
    ["io.engine.use(), without a middleware,", "core.not_a_listener", (io) => io.engine.use(1 as never)],
    ["io.engine.clients", "core.no_server", (io) => io.engine.clients],
    ["io.engine.handleRequest()", "core.no_server", (io) => io.engine.handleRequest()],
    ["io.engine.handleUpgrade()", "core.no_server", (io) => io.engine.handleUpgrade()],
    ["io.engine.attach()", "core.no_server", (io) => io.engine.attach()],
    ["io.engine.close()", "core.no_server", (io) => io.engine.close()],
    ["io._nsps", "core.no_local_sockets", (io) => io._nsps],
  ])("says of %s what to do instead", (_member, code, use) => {
    expect(() => use(new Server())).toThrow(expect.objectContaining({ code }));
  });

  it("is an emitter of what its main namespace emits", () => {
    const io = new Server();
    const [first, second, third] = [() => undefined, () => undefined, () => undefined];

    io.addListener("moved", second);
    io.prependListener("moved", first);
    io.once("moved", third);

    expect(io.listenerCount("moved")).toBe(3);
    expect(io.listeners("moved").slice(0, 2)).toEqual([first, second]);
    expect(io.rawListeners("moved")).toHaveLength(3);
    expect(io.sockets.eventNames()).toEqual(["moved"]);
    expect(io.eventNames()).toEqual(["moved"]);
    io.removeListener("moved", first).off("moved", second);
    expect(io.listenerCount("moved")).toBe(1);
    io.removeAllListeners("moved");
    expect(io.listenerCount("moved")).toBe(0);
    expect(io.setMaxListeners(20).getMaxListeners()).toBe(20);
  });

  it("calls the listener given to of for every connection", async () => {
    const rig = new Rig((io) => {
      io.of("/static", (socket) => socket.emit("in", socket.nsp.name));
      io.of(/^\/dynamic/, (socket) => socket.emit("in", socket.nsp.name));
    });
    const client = await rig.open();
    void client.received;

    await client.send("40/static,", "40/dynamic,");

    expect(client.received.filter((frame) => frame.startsWith("42"))).toEqual([
      '42/static,["in","/static"]',
      '42/dynamic,["in","/dynamic"]',
    ]);
  });

  it("calls a connection listener of once for every socket and packet, as one of on", async () => {
    const rig = new Rig((io) => {
      io.once("connection", (socket) => {
        socket.emit("in");
        socket.on("echo", () => socket.emit("echo"));
      });
    });
    await rig.connect();
    const client = await rig.open();
    void client.received;

    await client.send("40");
    await client.send('42["echo"]');

    expect(client.received.slice(1)).toEqual(['42["in"]', '42["echo"]']);
  });

  it("lists the ids of sockets", async () => {
    const rig = new Rig((io) => {
      io.on("connection", (socket) => (socket.handshake.auth["room"] ? socket.join("room") : undefined));
    });
    const first = await (await rig.open()).join();
    const second = await rig.open();
    await second.send('40{"room":true}');
    const id = second.received[1]!.slice(10, 30);

    expect(await rig.io.allSockets()).toEqual(new Set([first, id]));
    expect(await rig.io.of("/").allSockets()).toEqual(new Set([first, id]));
    expect(await rig.io.in("room").allSockets()).toEqual(new Set([id]));
    expect(await rig.io.of("/x").allSockets()).toEqual(new Set());
  });
});
