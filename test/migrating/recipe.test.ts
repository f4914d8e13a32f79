import { Server } from "nonsticky";
import { serve } from "nonsticky/testing";
import { afterEach, expect, it } from "vitest";
import { startOfficial, type RunningServer } from "../support/official-server.ts";
import { Clients, next } from "../testing/clients.ts";

/** The recipe of docs/migrating.md, word for word. */
function install(io: Server): void {
  io.on("connection", (socket) => {
    socket.on("joinRoom", async ({ username, room }: { username: string; room: string }) => {
      socket.data.username = username;
      await socket.join(room);
      const sockets = await io.in(room).fetchSockets();
      io.to(room).emit(
        "roomUsers",
        sockets.map(({ data }) => data.username),
      );
    });
  });
}

const clients = new Clients();
let server: RunningServer | undefined;

afterEach(async () => {
  clients.closeAll();
  await server?.stop();
});

async function startOurs(): Promise<RunningServer> {
  const create = () => {
    const io = new Server();
    install(io);
    return io;
  };
  const { url, close } = await serve(create, { instances: 3, watch: true });
  return { url, stop: close };
}

it.each([
  { on: "three instances of ours", start: startOurs },
  { on: "the official server", start: () => startOfficial((io) => install(io as unknown as Server)) },
])("who is in a room is told to everybody in it, on $on", async ({ start }) => {
  const { url } = (server = await start());
  const [ada, bob] = [clients.connect(url), clients.connect(url)];
  const heard = (socket: typeof ada) =>
    next(socket, "roomUsers").then(([users]) => (users as string[]).toSorted());

  const first = heard(ada);
  ada.emit("joinRoom", { username: "ada", room: "lobby" });
  expect(await first).toEqual(["ada"]);
  const both = Promise.all([heard(ada), heard(bob)]);
  bob.emit("joinRoom", { username: "bob", room: "lobby" });

  expect(await both).toEqual([
    ["ada", "bob"],
    ["ada", "bob"],
  ]);
});
