import type { Server } from "socket.io";

/**
 * What the rows of the tables talk to. It shows a client which of its packets became events, and tells the watchers
 * why sockets ended: nothing else of a server is visible on the wire.
 */
export function installTable(io: Server): void {
  io.of("/no").use((_, next) => next(Object.assign(new Error("not authorized"), { data: { code: "E1" } })));
  io.of("/late");
  const watch = io.of("/watch");
  watch.on("connection", (socket) => socket.emit("watching"));
  for (const nsp of [io.of("/"), io.of("/custom")]) {
    nsp.on("connection", (socket) => {
      socket.onAny((...args: unknown[]) => {
        if (args[0] !== "marker")
          socket.emit(
            "any",
            args.filter((arg) => typeof arg !== "function"),
          );
      });
      socket.on("marker", () => socket.emit("marked"));
      socket.on("ack", (ack: (...args: unknown[]) => void) => ack());
      socket.on("disconnect", (reason) => watch.emit("left", socket.handshake.auth["row"], nsp.name, reason));
    });
  }
}
