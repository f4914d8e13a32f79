import { Server } from "nonsticky";
import { report } from "../../support/collector.ts";
import type { Handled } from "../chat-load.ts";
import type { ChatMessage } from "../chat-client.ts";

interface Told {
  said: (message: ChatMessage) => void;
  joined: () => void;
}

interface Says {
  say: (message: ChatMessage, ack: (answer: { pid: number }) => void) => void;
}

/** A chat in rooms that tells the collector which packets its handler ran for, and where. */
export const io = new Server<Says, Told>();

io.on("connection", async (socket) => {
  const room = socket.handshake.auth["room"] as string;
  socket.on("say", async (message, ack) => {
    io.to(room).emit("said", message);
    const handled: Handled = { packet: message.packet, pid: process.pid, connection: socket.id };
    await report(handled);
    // Acknowledged means sent to everyone: without it the acknowledgement may overtake a post that the table or a kill holds up.
    await io.flush();
    ack({ pid: process.pid });
  });
  await socket.join(room);
  socket.emit("joined");
});
