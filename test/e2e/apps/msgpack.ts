import { Server } from "nonsticky";
import * as parser from "socket.io-msgpack-parser";

export const io = new Server({ parser });

io.on("connection", (socket) => {
  socket.on("ask me", async (value: Buffer, done: (answer: unknown) => void) => {
    done(await socket.timeout(10_000).emitWithAck("question", { value }));
  });
});
