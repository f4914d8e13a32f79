import { Server } from "nonsticky";
import { report } from "../../support/collector.ts";

/** Rooms that tell the test of each of their events. */
export interface RoomTold {
  readonly event: string;
  readonly room: string;
  readonly id?: string;
}

export const io = new Server();

for (const event of ["create-room", "delete-room"] as const)
  io.of("/").adapter.on(event, (room) => report({ event, room } satisfies RoomTold));
for (const event of ["join-room", "leave-room"] as const)
  io.of("/").adapter.on(event, (room, id) => report({ event, room, id } satisfies RoomTold));

io.on("connection", (socket) => {
  socket.on("join", async (room: string, ack: (id: string) => void) => {
    await socket.join(room);
    ack(socket.id);
  });
  socket.on("leave", async (room: string, ack: () => void) => {
    await socket.leave(room);
    ack();
  });
  socket.on("count", async (rooms: string[], ack: (counts: number[]) => void) =>
    ack(await Promise.all(rooms.map((room) => io.in(room).count()))),
  );
});
