import { Server } from "nonsticky";

/** What comparing replays with the live run costs. */
export const io = new Server({ replayDigest: true });

io.on("connection", (socket) => {
  socket.on("nothing", () => undefined);
});
