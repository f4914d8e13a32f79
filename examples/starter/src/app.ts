import { Server } from "nonsticky";

interface ClientToServer {
  enter: (room: string, ack: (people: number) => void) => void;
  say: (room: string, text: string, ack: (at: number) => void) => void;
}

interface ServerToClient {
  entered: (nickname: string) => void;
  said: (nickname: string, text: string) => void;
}

interface SocketData {
  nickname: string;
}

export const io = new Server<ClientToServer, ServerToClient, Record<string, never>, SocketData>();

io.use((socket, next) => {
  const { nickname } = socket.handshake.auth;
  // Stored; a variable out here would be forgotten after this packet.
  socket.data.nickname = typeof nickname === "string" && nickname !== "" ? nickname : "somebody";
  next();
});

io.on("connection", (socket) => {
  socket.on("enter", async (room, ack) => {
    await socket.join(room);
    socket.to(room).emit("entered", socket.data.nickname);
    ack((await io.in(room).fetchSockets()).length);
  });

  socket.on("say", (room, text, ack) => {
    io.to(room).emit("said", socket.data.nickname, text);
    ack(Date.now());
  });
});
