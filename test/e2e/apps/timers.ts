import { Server } from "nonsticky";
import { report } from "../../support/collector.ts";
import type { Told } from "../timer-reports.ts";

/** Timers that tell the test when they ring, and what they can do where no socket is. */
export const io = new Server();

const alarm = io.timer<string>("alarm", async (payload, key) => {
  const told: Told = { of: "alarm", key, payload, pid: process.pid };
  io.to("listeners").emit("rang", key, (await io.in("listeners").fetchSockets()).length);
  await io.shared<number>("rung").increment(key);
  await report(told);
});

io.every("tick", 1_000, () => report({ of: "tick", pid: process.pid } satisfies Told), {
  while: "connected",
});

io.on("connection", (socket) => {
  void socket.join("listeners");
  socket.on("set", async (key: string, inMs: number, payload: string, ack: () => void) => {
    await alarm.set(key, { in: inMs }, payload);
    ack();
  });
  socket.on("cancel", async (key: string, ack: (was: boolean) => void) => ack(await alarm.cancel(key)));
});
