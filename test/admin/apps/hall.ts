import { Server } from "nonsticky";
import { instrument } from "nonsticky/admin";

/** A hall that clients enter and speak in, and who may look at it from `ADMIN_ORIGIN`. */
export const io = new Server({ cors: { origin: process.env["ADMIN_ORIGIN"] ?? false, credentials: true } });

instrument(io, {
  auth: { type: "basic", username: "admin", password: process.env["ADMIN_HASH"] ?? "" },
  mode: "development",
  serverId: "hall",
});

io.on("connection", (socket) => {
  socket.data.name = socket.handshake.auth["name"];
  socket.on("enter", async (room: string, ack: () => void) => {
    await socket.join(room);
    ack();
  });
  socket.on("count", async (room: string, ack: (count: number) => void) => ack(await io.in(room).count()));
  socket.on("say", (text: string, ack: () => void) => {
    io.to("hall").emit("said", text);
    ack();
  });
});
