import { Server } from "nonsticky";

export const io = new Server();

io.on("connection", (socket) => {
  socket.on("enter", async (ack: () => void) => {
    await socket.join("hall");
    ack();
  });
  socket.on("tell", async (ack: (tally: object) => void) => {
    io.to("hall").emit("told", 1);
    io.to("hall").emit("told", 2);
    ack(await io.flush());
  });
});
