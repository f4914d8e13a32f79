import { Server } from "nonsticky";
import { MessageLog } from "./message-log.ts";

const log = new MessageLog(process.env["MESSAGES_TABLE"] ?? "nonsticky-tutorial");

export const io = new Server({ connectionStateRecovery: {} });

io.on("connection", async (socket) => {
  socket.on("chat message", async (text: string, clientOffset: string, callback: () => void) => {
    // Without the callback the client sends it again, so what cannot be stored is simply not acknowledged.
    const { offset, isNew } = await log.append(text, clientOffset);
    if (isNew) io.emit("chat message", text, offset);
    callback();
  });

  if (socket.recovered) return;
  const { serverOffset } = socket.handshake.auth;
  for await (const message of log.after(typeof serverOffset === "number" ? serverOffset : 0)) {
    socket.emit("chat message", message.text, message.offset);
  }
});
