import { Server } from "nonsticky";

export const io = new Server();

io.on("connection", (socket) => {
  socket.on("enter", async (room: string, ack: () => void) => {
    await socket.join(room);
    ack();
  });
});
io.of(/^\/child-\d+$/);
io.on("count", (number: number, answer?: (next: number) => void) => answer?.(number + 1));
