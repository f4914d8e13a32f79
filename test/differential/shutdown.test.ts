import type { Server as OfficialServer } from "socket.io";
import { io as connect, type Socket } from "socket.io-client";
import { Server } from "nonsticky";
import { serve } from "nonsticky/testing";
import { expect, it } from "vitest";
import { startOfficial } from "../support/official-server.ts";
import { heartbeat } from "./settings.ts";

/** In namespaces of both kinds: what the server's handlers were told, and what the clients. */
interface Seen {
  readonly handlers: string[];
  readonly clients: string[];
}

function define(io: OfficialServer, handlers: string[]): void {
  for (const nsp of [io.of("/"), io.of("/static"), io.of(/^\/dynamic-\d+$/)]) {
    nsp.on("connection", (socket) => {
      socket.on("disconnect", (reason) => handlers.push(`${socket.nsp.name} ${reason}`));
    });
  }
}

async function closeUnderClients(url: string, handlers: string[], close: () => Promise<void>): Promise<Seen> {
  const clients: string[] = [];
  const sockets = ["/", "/static", "/dynamic-1"].map((nsp) =>
    connect(url + nsp, { transports: ["websocket"], reconnectionDelay: 60_000, forceNew: true }),
  );
  const ends = sockets.map(
    (socket, index) =>
      new Promise<void>((resolve) =>
        socket.once("disconnect", (reason) => {
          clients.push(`${index} ${reason} ${socket.active}`);
          resolve();
        }),
      ),
  );
  await Promise.all(sockets.map(connected));
  await close();
  await Promise.all(ends);
  for (const socket of sockets) socket.disconnect();
  await expect.poll(() => handlers).toHaveLength(3);
  return { handlers: handlers.toSorted(), clients: clients.toSorted() };
}

const connected = (socket: Socket): Promise<void> =>
  new Promise((resolve) => socket.once("connect", resolve));

it("a client of a server that closes sees what it sees of the official one, and is to come back", async () => {
  const [theirs, mine]: [string[], string[]] = [[], []];
  const official = await startOfficial((io) => define(io, theirs), heartbeat);
  const servers: Server[] = [];
  const ours = await serve(() => {
    const io = new Server(heartbeat);
    servers.push(io);
    define(io as unknown as OfficialServer, mine);
    return io;
  });

  const expected = await closeUnderClients(official.url, theirs, () => official.stop());
  const seen = await closeUnderClients(ours.url, mine, () => servers[0]!.close());
  await ours.close();

  expect(seen).toEqual(expected);
  expect(seen.clients).toEqual([
    "0 transport close true",
    "1 transport close true",
    "2 transport close true",
  ]);
  expect(seen.handlers).toEqual([
    "/ server shutting down",
    "/dynamic-1 server shutting down",
    "/static server shutting down",
  ]);
});
