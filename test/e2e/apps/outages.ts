import { Server } from "nonsticky";

interface Events {
  echo: (text: string, ack: (text: string) => void) => void;
}

/** Reads and writes the table with every packet. */
export const io = new Server<Events>({ pingInterval: 1_000, pingTimeout: 1_500 });

io.on("connection", (socket) => {
  socket.on("echo", async (text, ack) => {
    await socket.join("room");
    ack(text);
  });
});
