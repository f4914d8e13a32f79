import { Server } from "nonsticky";

/** One event for each operation that has a budget. */
export function installCalls(io: Server): Server {
  io.on("connection", (socket) => {
    socket.on("nothing", () => undefined);
    socket.on("ack", (ack: () => void) => ack());
    socket.on("emit", () => socket.emit("emitted"));
    socket.on("emit many", (count: number) => {
      for (let n = 0; n < count; n++) socket.emit("emitted", n);
    });
    socket.on("join", () => socket.join("joined"));
    socket.on("leave", () => socket.leave("joined"));
    socket.on("data", () => {
      socket.data = { ...(socket.data as object), at: Math.random() };
    });
    const things = io.shared<number>("things");
    socket.on("shared get", () => things.get("a"));
    socket.on("shared set", () => things.set("a", 1));
    socket.on("shared set owned", () => things.set("b", 1, { owner: socket }));
    socket.on("shared update", () => things.update("a", (old = 0) => old + 1));
    socket.on("shared increment", () => things.increment("a"));
    socket.on("crowd", (room: string) => socket.join(room));
    socket.on("room", (room: string) => void io.to(room).emit("told"));
    socket.on("ask", () => socket.timeout(5_000).emitWithAck("question"));
    socket.on("ask in vain", () =>
      socket
        .timeout(0)
        .emitWithAck("question")
        .catch(() => undefined),
    );
    socket.on("ask room", (room: string) => io.to(room).timeout(5_000).emitWithAck("question"));
    socket.on("fetch", (room: string) => io.in(room).fetchSockets());
    socket.on("write data", async (room: string) => {
      for (const remote of await io.in(room).fetchSockets()) remote.data = { at: Math.random() };
    });
    socket.on("take out", (room: string, other: string) => void io.in(room).socketsLeave(other));
    socket.on("count", (room: string) => io.in(room).count());
    socket.on("tell server", () => io.serverSideEmit("work"));
    socket.on("ask server", () => io.serverSideEmitWithAck("work"));
    socket.on("except", (room: string, other: string) => void io.to(room).except(other).emit("told"));
  });

  io.on("work", (...args: unknown[]) => (args.at(-1) as (() => void) | undefined)?.());
  return io;
}

export const io = installCalls(new Server());
