import type { Server as Official } from "socket.io";
import type { Server } from "nonsticky";

/** What each client is asked for, on whichever of the two servers. */
export function install(given: Server | Official): void {
  // The same methods with the same meaning; the two types differ in what their options are.
  const io = given as unknown as Server;
  io.on("connection", (socket) => {
    socket.on("token", (ack) => ack((socket.handshake.auth as { token?: unknown }).token));
    socket.on("echo", (one, other, ack) => ack(one, other));
    socket.on("say", (one, other) => socket.emit("said", one, other));
    socket.on("ask", async () => {
      const answer: unknown = await socket.timeout(5_000).emitWithAck("question", 21);
      socket.emit("answered", answer);
    });
    socket.on("take bytes", (bytes: Buffer, ack) => ack([...bytes]));
    socket.on("give bytes", () => socket.emit("bytes", Buffer.from([1, 2, 255])));
    socket.on("burst", (count: number) => {
      for (let n = 1; n <= count; n += 1) socket.emit("one", n);
    });
    socket.on("join", async (room: string, ack) => {
      await socket.join(room);
      ack("joined");
    });
    socket.on("tell", (room: string) => socket.to(room).emit("told", "hello"));
    socket.on("hang up", () => socket.conn.close());
    socket.on("crash", () => process.kill(process.pid, "SIGKILL"));
    socket.on("disconnect", (reason) => io.to("watchers").emit("left", reason));
  });
  io.of("/admin").on("connection", (socket) => {
    socket.on("where", (ack) => ack(socket.nsp.name));
  });
}
