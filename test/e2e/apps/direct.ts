import { Server } from "nonsticky";

interface ClientToServer {
  echo: (text: string, ack: (text: string) => void) => void;
  "throw out": (id: string) => void;
}

interface ServerToClient {
  left: (reason: string) => void;
}

/** Pings so often that a silent client is noticed within a test. */
export const io = new Server<ClientToServer, ServerToClient>({ pingInterval: 1_000, pingTimeout: 1_000 });

io.on("connection", (socket) => {
  socket.on("echo", (text, ack) => ack(text));
  socket.on("throw out", (id) => void io.in(id).disconnectSockets(true));
  socket.on("disconnect", (reason) => void io.emit("left", reason));
});
