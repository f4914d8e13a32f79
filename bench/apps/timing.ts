import { Server } from "nonsticky";

/** Timers, each as little as it can be. Apart from the other apps, whose connects and heartbeats it would change. */
export const io = new Server();

const timer = io.timer("timer", () => undefined);
io.every("tick", 60_000, () => undefined);
io.every("tick while connected", 60_000, () => undefined, { while: "connected" });

io.on("connection", (socket) => {
  socket.on("set", (key: string) => timer.set(key, { in: 60_000 }));
  socket.on("set all", (keys: string[]) => Promise.all(keys.map((key) => timer.set(key, { in: 60_000 }))));
  socket.on("cancel", (key: string) => timer.cancel(key));
});
