import { Server } from "nonsticky";
import { report } from "../../support/collector.ts";
import type { Farewell } from "../farewell.ts";

/** Two rooms, two namespaces, and handlers that tell how a socket ended. */
export const io = new Server(
  process.env["QUICK_PINGS"] === "1" ? { pingInterval: 1_000, pingTimeout: 1_000 } : {},
);

for (const nsp of [io.of("/"), io.of("/side")]) {
  nsp.on("connection", async (socket) => {
    const tell = (handler: Farewell["handler"], reason: string): Promise<void> => {
      const farewell: Farewell = {
        handler,
        reason,
        nsp: nsp.name,
        who: socket.handshake.auth["who"] as string,
        rooms: [...socket.rooms].filter((room) => room !== socket.id).toSorted(),
        atMs: Date.now(),
      };
      return report(farewell);
    };
    socket.on("disconnecting", (reason) => tell("disconnecting", reason));
    socket.on("disconnect", (reason) => tell("disconnect", reason));
    socket.on("alive?", (ack: (answer: string) => void) => ack("alive"));
    await socket.join(["hall", "stairs"]);
    socket.emit("ready");
  });
}
