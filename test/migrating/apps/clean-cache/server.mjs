import { createServer } from "node:http";
import { Server } from "socket.io";
import { findUser, countWords } from "./lookup.mjs";

const httpServer = createServer();
export const io = new Server(httpServer);

io.on("connection", (socket) => {
  socket.on("user", async (id, done) => done(await findUser(id)));
  socket.on("words", (text, done) => done(countWords(text)));
});

httpServer.listen(process.env.PORT || 0);
