import { Server } from "nonsticky";
import { installVerification } from "nonsticky/verify";

/** What `npm run deploy:emulated` deploys: an app in which every way to a client and back is taken. */
export const io = new Server();

installVerification(io);

io.use((socket, next) => {
  const { nickname } = socket.handshake.auth;
  if (nickname === "nobody") return next(new Error("who are you?"));
  socket.data.nickname = nickname;
  next();
});

io.on("connection", (socket) => {
  const { address, query, headers } = socket.handshake;
  socket.emit("welcome", { address, query, userAgent: headers["user-agent"] });
  socket.on("echo", (value, ack) => ack(value));
  socket.on("count", (ack) => {
    socket.data.count = (socket.data.count ?? 0) + 1;
    ack(socket.data.count);
  });
  socket.on("enter", async (room, ack) => {
    await socket.join(room);
    socket.to(room).emit("entered", socket.data.nickname);
    ack((await io.in(room).fetchSockets()).map(({ data }) => data.nickname).sort());
  });
  socket.on("say", (room, text) => {
    io.to(room).emit("said", socket.data.nickname, text);
  });
  socket.on("shout", (text) => {
    io.emit("shouted", text);
  });
  socket.on("ask me", async (ack) => ack(await socket.timeout(8_000).emitWithAck("question", 41)));
  socket.on("bytes", (bytes, ack) => {
    socket.emit("bytes", Buffer.from([0, 127, 128, 255]));
    ack(Buffer.isBuffer(bytes) ? [...bytes] : "no bytes");
  });
  socket.on("kick me", () => {
    socket.disconnect(true);
  });
  socket.on("disconnecting", (reason) => {
    for (const room of socket.rooms) socket.to(room).emit("leaves", socket.data.nickname, reason);
  });
});
