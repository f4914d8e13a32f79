import { Server } from "nonsticky";

/** As in examples/emit-from-anywhere: offsets are part of what clients get. */
export const io = new Server({ connectionStateRecovery: {} });

io.on("connection", (socket) => {
  socket.on("name", async (name: string, ack: () => void) => {
    await socket.join(name);
    socket.data.name = name;
    ack();
  });
  socket.on("disconnect", (reason) => io.emit("left", socket.data.name, reason));
});
