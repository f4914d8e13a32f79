import type { Server } from "socket.io";
import { installTable } from "./table.ts";

/** What the rows over HTTP talk to, beside what the tables do: a server that speaks first, and one that hangs up. */
export function installHttp(io: Server): void {
  installTable(io);
  io.engine.on("initial_headers", (headers, { headers: asked }) => {
    if (asked["x-cookies"] !== undefined) headers["set-cookie"] = ["a=1", "b=2"];
  });
  io.on("connection", (socket) => {
    socket.on("burst", () => {
      socket.emit("x", Buffer.of(1, 2), "y");
      socket.emit("z");
    });
    socket.on("hang up", (close: boolean) => socket.disconnect(close));
  });
}
