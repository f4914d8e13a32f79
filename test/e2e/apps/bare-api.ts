import { Server } from "nonsticky";

interface Asks {
  echo: (text: string, ack: (text: string) => void) => void;
}

export const io = new Server<Asks>();

io.on("connection", (socket) => {
  socket.on("echo", (text, ack) => ack(text));
});
