import { Server } from "nonsticky";
import { report } from "../../test/support/collector.ts";

/** Many timers, due when the bench says, which tell it when they ring. */
export const io = new Server();

/** Who is told. */
export const listener = { onRing: (key: string): unknown => report({ key }) };

const due = io.timer("due", (_, key) => listener.onRing(key));

io.on("connection", (socket) => {
  socket.on("arm", async (timers: [key: string, dueAtMs: number][], ack: () => void) => {
    await Promise.all(timers.map(([key, dueAtMs]) => due.set(key, { in: dueAtMs - Date.now() })));
    ack();
  });
});
