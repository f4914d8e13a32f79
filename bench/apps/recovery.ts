import { Server } from "nonsticky";

/** What connection state recovery costs. */
export const io = new Server({ connectionStateRecovery: {} });

io.on("connection", (socket) => {
  socket.on("emit", () => socket.emit("emitted"));
  socket.on("crowd", (rooms: string | string[]) => socket.join(rooms));
  socket.on("leave", (room: string) => socket.leave(room));
  socket.on("room", (room: string, count = 1) => {
    for (let n = 0; n < count; n++) io.to(room).emit("told");
  });
});
