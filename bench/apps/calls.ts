import { Server } from "nonsticky";

/** One event for each operation that has a budget. */
export const io = new Server();

io.on("connection", (socket) => {
  socket.on("nothing", () => undefined);
  socket.on("ack", (ack: () => void) => ack());
  socket.on("emit", () => socket.emit("emitted"));
  socket.on("join", () => socket.join("joined"));
  socket.on("leave", () => socket.leave("joined"));
  socket.on("data", () => {
    socket.data = { ...(socket.data as object), at: Math.random() };
  });
  socket.on("crowd", (room: string) => socket.join(room));
  socket.on("room", (room: string) => void io.to(room).emit("told"));
  socket.on("except", (room: string, other: string) => void io.to(room).except(other).emit("told"));
});
