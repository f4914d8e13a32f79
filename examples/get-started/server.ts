import { Server } from "nonsticky";

export const io = new Server();

io.on("connection", (socket) => {
  console.log("a user connected");

  socket.on("chat message", (msg) => {
    io.emit("chat message", msg);
  });
});
