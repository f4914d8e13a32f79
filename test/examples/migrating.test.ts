import { Server } from "nonsticky";
import { serve } from "nonsticky/testing";
import { afterEach, expect, it } from "vitest";
import { startOfficial, type RunningServer } from "../support/official-server.ts";
import { Clients, next } from "../testing/clients.ts";

/** A chat with a count of its users, moved as docs/migrating.md says: no variable knows anything. */
function install(io: Server): void {
  const count = async (): Promise<number> =>
    (await io.fetchSockets()).filter(({ data }) => data.username !== undefined).length;

  io.on("connection", (socket) => {
    const named = socket as typeof socket & { username?: string };

    socket.on("add user", async (username: string, ack: (answer: unknown) => void) => {
      if (socket.data.username !== undefined) return ack({ already: named.username });
      named.username = username;
      socket.data.username = username;
      const numUsers = await count();
      socket.broadcast.emit("user joined", { username, numUsers });
      ack({ numUsers });
    });

    socket.on("new message", (message: string) => {
      socket.broadcast.emit("new message", { username: named.username, message });
    });

    socket.on("disconnect", async () => {
      if (socket.data.username === undefined) return;
      socket.broadcast.emit("user left", { username: named.username, numUsers: await count() });
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
  const { url, close } = await serve(create, { instances: 3 });
  return { url, stop: close };
}

it.each([
  { on: "three instances of ours", start: startOurs },
  { on: "the official server", start: () => startOfficial((io) => install(io as unknown as Server)) },
])("a chat without variables knows names and numbers on $on", async ({ start }) => {
  const { url } = (server = await start());
  const [ada, bob] = [clients.connect(url), clients.connect(url)];
  const ask = (name: string) => ada.timeout(5_000).emitWithAck("add user", name) as Promise<unknown>;

  const first: unknown = await ask("ada");
  const again: unknown = await ask("eve");
  const joined = next(ada, "user joined");
  const second: unknown = await bob.timeout(5_000).emitWithAck("add user", "bob");
  const [whoJoined] = await joined;
  const said = next(bob, "new message");
  ada.emit("new message", "hello");
  const [message] = await said;
  const left = next(ada, "user left");
  bob.close();
  const [whoLeft] = await left;

  expect({ first, again, second, whoJoined, message, whoLeft }).toEqual({
    first: { numUsers: 1 },
    again: { already: "ada" },
    second: { numUsers: 2 },
    whoJoined: { username: "bob", numUsers: 2 },
    message: { username: "ada", message: "hello" },
    whoLeft: { username: "bob", numUsers: 1 },
  });
});
