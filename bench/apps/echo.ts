import { Server } from "nonsticky";

interface Echo {
  echo: (value: number, ack: (value: number) => void) => void;
}

export const io = new Server<Echo>();

io.on("connection", (socket) => {
  socket.on("echo", (value, ack) => ack(value));
});
