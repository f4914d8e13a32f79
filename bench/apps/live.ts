import { Server } from "nonsticky";
import "nonsticky/live";

/** Live values of each kind, apart from the other apps, whose every packet they would cost a read. */
export const io = new Server();

const users = io.live<Record<string, { score: number }>>("users", {});
const list = io.live<string[]>("list", []);
const count = io.live("count", 0);

io.on("connection", (socket) => {
  socket.on("nothing", () => undefined);
  socket.on("read", (ack: (...args: unknown[]) => void) => ack(users, list, count.value));
  socket.on("key", (ack: () => void) => {
    users["ann"] = { score: Math.random() };
    ack();
  });
  socket.on("count", () => (count.value += 1));
  socket.on("all", () => {
    users["bob"] = { score: Math.random() };
    list.push("x");
    if (list.length > 3) list.shift();
    count.value += 1;
    socket.data = { at: Math.random() };
  });
  socket.on("disconnect", () => (count.value -= 1));
});
