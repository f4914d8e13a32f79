/** The same app on every server: an echo, and a broadcast to all who are in a room. */
interface Emitting {
  on(event: string, listener: (...args: never[]) => unknown): unknown;
  join(room: string): Promise<void> | void;
}

interface Serving {
  on(event: "connection", listener: (socket: Emitting) => void): unknown;
  to(room: string): { emit(event: string, ...args: unknown[]): unknown };
}

export function play(io: Serving): void {
  io.on("connection", (socket) => {
    socket.on("echo", (value: number, ack: (value: number) => void) => ack(value));
    socket.on("enter", async (room: string, ack: () => void) => {
      await socket.join(room);
      ack();
    });
    socket.on("shout", (room: string, value: number) => void io.to(room).emit("told", value));
  });
}
