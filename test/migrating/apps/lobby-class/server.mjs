import { createServer } from "node:http";
import { Server } from "socket.io";
import { Lobby } from "./lobby.mjs";

const httpServer = createServer();
export const io = new Server(httpServer);
const lobby = new Lobby();

io.on("connection", (socket) => {
  socket.on("enter", (name, done) => {
    lobby.add(socket.id, name);
    done(lobby.table);
  });
  socket.on("score", (points, done) => {
    lobby.score(socket.id, points);
    done({ table: lobby.table, rounds: lobby.rounds });
  });
});

httpServer.listen(process.env.PORT || 0);
