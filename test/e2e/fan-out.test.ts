import type { Socket } from "socket.io-client";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { LocalRuntime } from "../../infra/local/local.ts";
import { startOurs } from "../support/our-server.ts";
import { padMembers } from "../support/pad-members.ts";
import { eventually } from "../support/waiting.ts";
import { Clients } from "../testing/clients.ts";

const MEMBERS = 8;
const clients = new Clients();
let runtime: LocalRuntime;

beforeAll(async () => {
  runtime = await startOurs(import.meta.url, "./apps/large-room.ts");
});

afterAll(async () => {
  clients.closeAll();
  await runtime.stop();
});

it("a room of more than a page is sent to by the fan-out function, each client in order and once", async () => {
  const heard = new Map<Socket, number[]>();
  for (let index = 0; index < MEMBERS; index++) {
    const socket = clients.connect(runtime.url, {
      // Both ways to a client: a post, and its outbox.
      transports: [index === 0 ? "polling" : "websocket"],
      upgrade: false,
    });
    heard.set(socket, []);
    socket.on("told", (number: number) => heard.get(socket)!.push(number));
    await socket.timeout(15_000).emitWithAck("enter");
  }
  const [speaker] = [...heard.keys()].slice(-1);
  const before = runtime.stats().invocations["fanout"] ?? 0;

  expect(before).toBe(0);
  expect(runtime.instances().filter(({ functionName }) => functionName === "fanout")).toEqual([]);
  await padMembers(runtime, "hall");
  const tally: unknown = await speaker!.timeout(15_000).emitWithAck("tell");

  expect(tally).toEqual({ delivered: 2 * MEMBERS, gone: 0, dropped: 0, unknown: 0 });
  expect(runtime.stats().invocations["fanout"]).toBeGreaterThanOrEqual(2);
  await eventually(
    () => [...heard.values()].every((numbers) => numbers.length === 2),
    () => `expected two messages each, got ${JSON.stringify([...heard.values()])}`,
  );
  expect([...heard.values()]).toEqual(Array(MEMBERS).fill([1, 2]));
});
