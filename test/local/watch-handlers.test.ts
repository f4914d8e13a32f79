import path from "node:path";
import { io as connect, type Socket } from "socket.io-client";
import { afterEach, expect, it } from "vitest";
import { startLocal, type LocalRuntime } from "../../infra/local/local.ts";
import { eventually } from "../support/waiting.ts";

const app = path.join(import.meta.dirname, "fixtures/watched-app.ts");
let runtime: LocalRuntime | undefined;
let client: Socket | undefined;

afterEach(async () => {
  client?.close();
  await runtime?.stop();
});

it("names a variable on the first packet that changes it, once, and says so of a handler that fails for want of it", async () => {
  const lines: string[] = [];
  runtime = await startLocal({
    app,
    instances: 2,
    watch: true,
    antiAffinity: true,
    log: (line) => lines.push(line),
  });
  client = connect(runtime.url, { transports: ["websocket"], forceNew: true, reconnection: false });
  const told = (text: string) => lines.filter((line) => line.includes(text));

  await client.timeout(10_000).emitWithAck("enter", "ada");
  await eventually(
    () => told("watch.lost_variable").length > 0,
    () => lines.join("\n"),
    10_000,
  );
  expect(told("watch.lost_variable")).toEqual([
    expect.stringContaining(
      'test/local/fixtures/watched-app.ts:9 players (Object) changed while \\"enter\\" was handled; the next packet may run elsewhere. Keep it in io.shared(\\"players\\")',
    ),
  ]);

  // In every function, and in each instance of it.
  expect(told("watch.module_timer")).toEqual([
    expect.stringContaining(
      "test/local/fixtures/watched-app.ts:11 setInterval while the app is loaded: each instance has one, and it stands still while that sleeps",
    ),
  ]);

  // Runs on the other instance, which has no players.
  client.emit("score", "ada", () => undefined);
  await eventually(
    () => told("it reads players, which packets change").length > 0,
    () => lines.join("\n"),
    10_000,
  );
  expect(told("players (Object) changed")).toHaveLength(1);
}, 60_000);
