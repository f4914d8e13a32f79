import { Server } from "nonsticky";
import { report } from "../../support/collector.ts";
import type { Step } from "../walk.ts";

interface Steps {
  step: (number: number, ack: (number: number) => void) => void;
}

interface Data {
  seen: number;
}

/** Counts in `socket.data`, where it lasts, and in a variable, where it does not. */
export const io = new Server<Steps, { ready: () => void }, object, Data>();

io.on("connection", async (socket) => {
  let remembered = 0;
  socket.data.seen = 0;
  socket.on("step", async (number, ack) => {
    remembered += 1;
    socket.data.seen += 1;
    const step: Step = {
      number,
      connection: socket.id,
      pid: process.pid,
      seen: socket.data.seen,
      remembered,
      rooms: [...socket.rooms].filter((room) => room !== socket.id),
    };
    await report(step);
    ack(number);
  });
  await socket.join(["walkers", "steps"]);
  socket.emit("ready");
});
