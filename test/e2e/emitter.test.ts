import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { io, type Socket } from "socket.io-client";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { LocalRuntime } from "../../infra/local/local.ts";
import { startOurs } from "../support/our-server.ts";
import { next } from "../testing/clients.ts";

const run = promisify(execFile);
const sockets: Socket[] = [];
let runtime: LocalRuntime;
let ada: Socket;
let bob: Socket;

beforeAll(async () => {
  runtime = await startOurs(import.meta.url, "./apps/emitter.ts");
  [ada, bob] = [await enter("ada"), await enter("bob")];
});

afterAll(async () => {
  for (const socket of sockets) socket.disconnect();
  await runtime.stop();
});

async function enter(name: string): Promise<Socket> {
  const socket = io(runtime.url, { transports: ["websocket"], reconnection: false });
  sockets.push(socket);
  await socket.timeout(15_000).emitWithAck("name", name);
  return socket;
}

/** A program with nothing but the table's name, the callback URL, and the way to AWS. */
function outside(script: string, ...args: string[]): Promise<{ stdout: string; stderr: string }> {
  const file = fileURLToPath(new URL(script, import.meta.url));
  const flags = ["--import", "tsx", "--conditions=nonsticky-source"];
  return run(process.execPath, [...flags, file, ...args], {
    env: { PATH: process.env["PATH"], ...runtime.outsideEnvironment },
    timeout: 15_000,
  });
}

it("a script emits to everybody", async () => {
  const heard = Promise.all([next(ada, "headline"), next(bob, "headline")]);

  const { stdout, stderr } = await outside("../../examples/emit-from-anywhere/emit.ts", "hello");

  expect({ stdout, stderr }).toEqual({ stdout: "delivered to 2\n", stderr: "" });
  expect((await heard).map(([text]) => text)).toEqual(["hello", "hello"]);
});

it("a program joins, fetches, and emits to rooms and to single sockets", async () => {
  const adas = Promise.all([next(ada, "come"), next(ada, "you are")]);
  const bobs: unknown[] = [];
  bob.on("come", (...args) => bobs.push(args));

  const told = next(bob, "you are");
  const { stdout, stderr } = await outside("./apps/emitter-outside.ts", "tour");

  expect(stderr).toBe("");
  expect(JSON.parse(stdout)).toEqual({
    names: ["ada", "bob"],
    tally: { delivered: 3, gone: 0, dropped: 0, unknown: 0 },
  });
  const [come, youAre] = await adas;
  expect([come[0], youAre[0], (await told)[0]]).toEqual(["along", "ada", "bob"]);
  expect(bobs).toEqual([]);
});

it("an event of EventBridge becomes an emit", async () => {
  const heard = next(ada, "headline");

  const { stdout } = await outside("./apps/emitter-outside.ts", "event");

  expect(JSON.parse(stdout)).toEqual({ delivered: 1, gone: 0, dropped: 0, unknown: 0 });
  expect((await heard)[0]).toBe("hello");
});

it("a program that ends before its emits are sent says so", async () => {
  const { stderr } = await outside("./apps/emitter-outside.ts", "hasty");

  expect(stderr.trim().split("\n")).toEqual([expect.stringContaining("core.unsent_at_exit")]);
});

it("a program disconnects a socket, whose handler runs in the stack", async () => {
  const ended = next(bob, "disconnect");
  const left = next(ada, "left");

  await outside("./apps/emitter-outside.ts", "kick");

  expect((await ended)[0]).toBe("io server disconnect");
  expect((await left).slice(0, 2)).toEqual(["bob", "server namespace disconnect"]);
});
