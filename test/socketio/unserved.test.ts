import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Server } from "../../lib/socketio/server.ts";

/** What a module may do while it loads, or a timer of it before anything serves its server. */
describe("a server that nothing serves yet", () => {
  const lines: Record<string, unknown>[] = [];

  beforeEach(() => {
    lines.length = 0;
    vi.spyOn(process.stderr, "write").mockImplementation((line) => {
      lines.push(JSON.parse(String(line)) as Record<string, unknown>);
      return true;
    });
  });
  afterEach(() => void vi.restoreAllMocks());

  it.each<[string, (io: Server) => unknown, object]>([
    ["an emit", (io) => io.emit("tick", 1), { what: "emit", event: "tick", nsp: "/" }],
    ["a message", (io) => io.send("hello"), { what: "emit", event: "message", nsp: "/" }],
    [
      "an emit to a room",
      (io) => io.of("/x").to("a").emit("tick"),
      { what: "emit", event: "tick", nsp: "/x" },
    ],
    ["an emit to children", (io) => io.of(/x/).emit("tick"), { what: "emit", event: "tick", nsp: "/_0" }],
    ["a join", (io) => io.socketsJoin("a"), { what: "socketsJoin", nsp: "/" }],
    ["a leave", (io) => io.in("a").socketsLeave("a"), { what: "socketsLeave", nsp: "/" }],
    ["a disconnect", (io) => io.disconnectSockets(), { what: "disconnectSockets", nsp: "/" }],
    ["a server-side emit", (io) => io.serverSideEmit("moved"), { what: "serverSideEmit", event: "moved" }],
  ])("loses %s, which is logged, and goes on", (_what, act, said) => {
    act(new Server());

    expect(lines).toEqual([expect.objectContaining({ level: "warn", code: "core.no_runtime", ...said })]);
  });

  it("logs once what goes on and on, and a hundred kinds of it", () => {
    const io = new Server();

    for (let tick = 0; tick < 5; tick += 1) io.emit("tick", tick);
    io.of("/x").emit("tick");
    expect(lines.map(({ nsp }) => nsp)).toEqual(["/", "/x"]);

    for (let kind = 0; kind < 200; kind += 1) io.emit(`kind ${kind}`);
    expect(lines).toHaveLength(100);
  });

  it.each<[string, (io: Server) => Promise<unknown>]>([
    ["sockets", (io) => io.fetchSockets()],
    ["ids", (io) => io.in("a").allSockets()],
    ["answers", (io) => io.timeout(10).emitWithAck("ask")],
    ["answers of the server", (io) => io.serverSideEmitWithAck("ask")],
    ["what was sent", (io) => io.flush()],
    ["everybody's end", (io) => io.close()],
  ])("rejects a wait for %s", async (_what, act) => {
    await expect(act(new Server())).rejects.toMatchObject({ code: "core.no_runtime" });
  });

  it.each<[string, (io: Server, callback: (...args: unknown[]) => void) => unknown]>([
    ["an emit", (io, callback) => io.timeout(10).emit("ask", callback)],
    ["an emit to a room", (io, callback) => io.to("a").emit("ask", callback)],
    ["a server-side emit", (io, callback) => io.serverSideEmit("ask", callback)],
  ])("gives the callback of %s the error", async (_what, act) => {
    const given = await new Promise<unknown[]>((resolve) => {
      act(new Server(), (...args) => resolve(args));
    });

    expect(given).toEqual([expect.objectContaining({ code: "core.no_runtime" }), []]);
  });

  it("still refuses what no server sends", () => {
    expect(() => new Server().emit("connect")).toThrow(
      expect.objectContaining({ code: "protocol.reserved_event" }),
    );
    expect(() => new Server().serverSideEmit("connect")).toThrow(
      expect.objectContaining({ code: "core.reserved_server_event" }),
    );
  });
});
