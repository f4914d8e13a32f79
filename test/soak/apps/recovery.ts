import { Server } from "nonsticky";
import { report } from "../../support/collector.ts";

/** What the app tells of every connection it sees. */
export interface Entrance {
  readonly name: string;
  readonly socketId: string;
  readonly recovered: boolean;
}

/** A hall in which whoever speaks is heard by all, and everybody keeps a seat. */
export const io = new Server({ connectionStateRecovery: {} });

io.on("connection", (socket) => {
  const name = socket.handshake.auth["name"] as string;
  socket.on("say", async (number: number, attempt: number, ack: () => void) => {
    io.to("hall").emit("said", number, attempt);
    await io.flush();
    ack();
  });
  socket.on("who", (ack: (rooms: string[], data: unknown) => void) => {
    ack([...socket.rooms].sort(), socket.data);
  });
  if (!socket.recovered) {
    socket.data = { name };
    if (name !== "speaker") void socket.join(["hall", `seat of ${name}`]);
    socket.emit("welcome");
  }
  if (socket.replaying) return undefined;
  return report({ name, socketId: socket.id, recovered: socket.recovered } satisfies Entrance);
});
