import { Server } from "nonsticky";

/** What rooms cost that somebody listens to. */
export const io = new Server();

io.of("/").adapter.on("create-room", () => undefined);

io.on("connection", (socket) => {
  socket.on("join", () => socket.join("joined"));
  socket.on("leave", () => socket.leave("joined"));
  socket.on("crowd", (room: string) => socket.join(room));
});
