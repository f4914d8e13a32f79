import type { Server, Socket } from "socket.io";

/** What the client of Socket.IO 2 talks to, on either server. */
export function installForVersion2(io: Server): void {
  io.use((socket, next) => {
    if (socket.handshake.query["unwanted"] === undefined) return next();
    next(Object.assign(new Error("unwanted"), { data: { code: 7 } }));
  });
  io.on("connection", (socket) => {
    const { query, auth } = socket.handshake;
    socket.emit("welcome", socket.id, auth, { EIO: query["EIO"], token: query["token"] });
    void socket.join("everyone");
    installEchoes(socket);
    socket.on("to everyone", (value: unknown) => io.to("everyone").emit("everyone", value));
    socket.on("to me", (value: unknown) => io.to(socket.id).emit("me", value));
    socket.on("leave me", () => socket.disconnect());
    socket.on("close me", () => socket.disconnect(true));
  });
  io.of("/custom").on("connection", (socket) => {
    socket.emit("welcome", socket.id, socket.handshake.auth, socket.nsp.name);
    installEchoes(socket);
  });
  io.of("/refused").use((_, next) => next(new Error("not authorized")));
  io.of("/refused-with-data").use((_, next) =>
    next(Object.assign(new Error("not authorized"), { data: { code: "E1" } })),
  );
}

function installEchoes(socket: Socket): void {
  socket.on("ask", (...args: unknown[]) => {
    const answer = args.pop() as (...values: unknown[]) => void;
    answer(...args);
  });
  socket.on("tell", (...args: unknown[]) => socket.emit("told", ...args));
}
