/** A program outside of the stack: sets two timers of the app's, and cancels one of them again. */
import { Server } from "nonsticky";
import { connectEmitter } from "nonsticky/emitter";

const io = new Server();
connectEmitter(io);
const alarm = io.timer<string>("alarm");

const dueAtMs = Date.now() + 1_300;
await Promise.all(
  ["from outside", "cancelled outside"].map((key) => alarm.set(key, { in: 1_300 }, "a program's")),
);
const was = await alarm.cancel("cancelled outside");
process.stdout.write(JSON.stringify({ dueAtMs, was, again: await alarm.cancel("cancelled outside") }));
