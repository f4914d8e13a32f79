import { io as connect, type Socket } from "socket.io-client";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { LocalRuntime } from "../../infra/local/local.ts";
import { startCollector, type Collector } from "../support/collector.ts";
import { startOurs } from "../support/our-server.ts";
import { say } from "../support/say.ts";
import { eventually, pause } from "../support/waiting.ts";
import type { RoomTold } from "./apps/telling-rooms.ts";

const CLIENTS = 6;
const ROOMS = 30;

let collector: Collector<RoomTold>;
let runtime: LocalRuntime;

beforeAll(async () => {
  collector = await startCollector<RoomTold>();
  runtime = await startOurs(import.meta.url, "./apps/telling-rooms.ts", {
    env: { COLLECTOR_URL: collector.url },
    instances: 3,
    maxInstances: 6,
    chaos: 0.05,
    seed: 7,
    log: () => undefined,
  });
}, 120_000);

afterAll(async () => {
  await runtime.stop();
  await collector.stop();
});

/** A frame whose instance has died costs its connection; the client is back soon, as another socket, and says it again. */
async function insist<T>(act: () => Promise<T>): Promise<T> {
  for (let attempt = 0; attempt < 60; attempt += 1) {
    try {
      return await act();
    } catch {
      await pause(50);
    }
  }
  throw new Error("expected an answer within sixty attempts, got none");
}

const tell = (socket: Socket, event: string, ...args: unknown[]): Promise<unknown> =>
  insist(() => socket.timeout(3_000).emitWithAck(event, ...args) as Promise<unknown>);

it("rooms tell of all that happens in them, though instances are killed", async () => {
  const rooms = Array.from({ length: ROOMS }, (_, index) => `room ${index}`);
  const sockets = Array.from({ length: CLIENTS }, () =>
    connect(runtime.url, { transports: ["websocket"], forceNew: true, reconnectionDelay: 50 }),
  );
  const joined = new Map(rooms.map((room) => [room, new Set<string>()]));

  // All of them together into one room after the other, and out again, some by a leave and some by going away.
  for (const room of rooms) {
    const ids = await Promise.all(sockets.map((socket) => tell(socket, "join", room)));
    for (const id of ids) joined.get(room)!.add(String(id));
    await Promise.all(sockets.slice(1).map((socket) => tell(socket, "leave", room)));
  }
  for (const socket of sockets) socket.disconnect();

  const of = (event: string, room: string) =>
    collector.reports.filter((told) => told.event === event && told.room === room);
  const idsOf = (event: string, room: string) => new Set(of(event, room).map(({ id }) => id));
  const isQuit = (room: string) =>
    of("delete-room", room).length > 0 &&
    [...idsOf("join-room", room)].every((id) => idsOf("leave-room", room).has(id));
  await eventually(
    () => rooms.every(isQuit),
    () => `expected every room to be left, got ${rooms.filter((room) => !isQuit(room)).join(", ")}`,
    240_000,
  );
  await runtime.idle();

  const { kills, deadLetters, redeliveries } = runtime.stats();
  const keys = collector.reports.map(({ event, room, id }) => `${event} ${room} ${id ?? ""}`);
  const ofMembers = keys.filter((key) => /^(join|leave)-room room /.test(key));
  const again = ofMembers.length - new Set(ofMembers).size;
  say(
    `${ofMembers.length} joins and leaves told, ${again} of them again; ${kills} kills, ${redeliveries} redeliveries`,
  );
  for (const room of rooms) {
    for (const id of joined.get(room)!) expect(idsOf("join-room", room)).toContain(id);
    expect(idsOf("leave-room", room)).toEqual(idsOf("join-room", room));
    expect(of("create-room", room).length).toBeGreaterThan(0);
  }
  expect(kills).toBeGreaterThanOrEqual(5);
  // Once each, but for letters that came again, of which a close tells of every room its sockets were in.
  expect(again).toBeLessThanOrEqual(redeliveries * ROOMS);
  expect(deadLetters).toBe(0);

  const last = connect(runtime.url, { transports: ["websocket"], forceNew: true, reconnectionDelay: 50 });
  expect(await tell(last, "count", rooms)).toEqual(rooms.map(() => 0));
  last.disconnect();
}, 400_000);
