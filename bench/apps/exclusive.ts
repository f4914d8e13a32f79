import { Server } from "nonsticky";

/** What writing to a client alone costs. */
export const io = new Server({ outbound: "exclusive" });

io.on("connection", (socket) => {
  socket.on("emit", (count: number) => {
    for (let n = 0; n < count; n++) socket.emit("emitted", Buffer.from([n]));
  });
});
