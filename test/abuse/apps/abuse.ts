import { Server } from "nonsticky";
import type { ChatMessage } from "../../e2e/chat-client.ts";
import type { Handled } from "../../e2e/chat-load.ts";
import { report } from "../../support/collector.ts";

/**
 * A chat in rooms that tells the collector which packets its handler ran for, with everything switched on that a
 * stranger could turn against it: recovery, dynamic namespaces, rooms by name, clients of Socket.IO 2.
 */
export const io = new Server({
  connectionStateRecovery: {},
  allowEIO3: true,
  connectTimeout: 45_000,
});

io.on("connection", async (socket) => {
  const room = String(socket.handshake.auth["room"] ?? "nowhere");
  socket.on("say", async (message: ChatMessage, ack?: (answer: { pid: number }) => void) => {
    if (typeof message?.packet !== "string") return;
    io.to(room).emit("said", message);
    const handled: Handled = { packet: message.packet, pid: process.pid, connection: socket.id };
    await report(handled);
    // Acknowledged means sent to everyone: without it the acknowledgement may overtake what a table that fails holds up.
    await io.flush();
    ack?.({ pid: process.pid });
  });
  socket.on("enter", (name: unknown) => void socket.join(String(name).slice(0, 100)));
  socket.on("keep", (value: unknown) => {
    socket.data["kept"] = value;
  });
  socket.on("ask me", () => {
    socket.timeout(1_000).emit("asked", () => undefined);
  });
  await socket.join(room);
  socket.emit("joined");
});

io.of(/^\/child-\d+$/).on("connection", (socket) => socket.emit("welcome"));
