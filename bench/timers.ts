/**
 * How late timers ring that are due within one minute, on the local runtime: `npm run bench:timers [-- --count N]`. Times
 * are printed, not judged: they belong to the machine. One that rings early, twice or never is judged.
 */
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { io as connect, type Socket } from "socket.io-client";
import { startLocal, type LocalRuntime } from "../infra/local/local.ts";
import { startCollector } from "../test/support/collector.ts";

const CLIENTS = 16;
const BATCH = 25;
const WINDOW_MS = 60_000;
/** How long arming may take before the first is due. */
const ARMING_MS_EACH = 20;
const PATIENCE_MS = 60_000;
const INSTANCES = 8;

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { count: { type: "string", default: "10000" } } });
  const count = Number(values.count);
  const rung = new Map<string, number[]>();
  const collector = await startCollector<{ readonly key: string }>();
  collector.onReport = ({ key }, moment) => {
    if (moment === "before") rung.set(key, [...(rung.get(key) ?? []), Date.now()]);
  };
  const app = fileURLToPath(new URL("./apps/timers.ts", import.meta.url));
  const runtime = await startLocal({
    app,
    instances: INSTANCES,
    env: { COLLECTOR_URL: collector.url },
  });
  try {
    const firstDueMs = Date.now() + 10_000 + count * ARMING_MS_EACH;
    const dues = new Map(
      Array.from({ length: count }, (_, index) => [
        `timer-${index}`,
        Math.round(firstDueMs + (index * WINDOW_MS) / count),
      ]),
    );
    const armingMs = await arm(runtime, [...dues]);
    console.log(
      `${count} timers armed in ${armingMs} ms, ${firstDueMs - Date.now()} ms before the first is due`,
    );
    const giveUpAtMs = firstDueMs + WINDOW_MS + PATIENCE_MS;
    while (rung.size < count && Date.now() < giveUpAtMs)
      await new Promise((resolve) => setTimeout(resolve, 100));
    await runtime.idle();
    if (!judge(dues, rung)) process.exitCode = 1;
    console.log(`invocations ${JSON.stringify(runtime.stats().invocations)}`);
  } finally {
    await runtime.stop();
    await collector.stop();
  }
}

async function arm(runtime: LocalRuntime, timers: readonly (readonly [string, number])[]): Promise<number> {
  const beganAtMs = Date.now();
  const left = [...timers];
  const sockets: Socket[] = [];
  await Promise.all(
    Array.from({ length: CLIENTS }, async () => {
      const socket = connect(runtime.url, { transports: ["websocket"], forceNew: true });
      sockets.push(socket);
      for (let batch = left.splice(0, BATCH); batch.length > 0; batch = left.splice(0, BATCH))
        await socket.timeout(60_000).emitWithAck("arm", batch);
    }),
  );
  for (const socket of sockets) socket.disconnect();
  return Date.now() - beganAtMs;
}

function judge(dues: ReadonlyMap<string, number>, rung: ReadonlyMap<string, readonly number[]>): boolean {
  const late = [...rung].map(([key, [atMs = 0]]) => atMs - (dues.get(key) ?? 0)).sort((a, b) => a - b);
  const at = (part: number) => late[Math.min(late.length - 1, Math.floor(late.length * part))] ?? 0;
  const missing = dues.size - rung.size;
  const early = late.filter((ms) => ms < 0).length;
  const doubled = [...rung.values()].filter((times) => times.length > 1).length;
  const beyond = late.filter((ms) => ms > 2_000).length;
  console.log(
    `late by ms: first ${at(0)}, median ${at(0.5)}, p99 ${at(0.99)}, last ${at(1)}; ` +
      `${beyond} of ${late.length} by more than 2 s`,
  );
  console.log(`missing ${missing}, early ${early}, twice ${doubled}`);
  return missing + early + doubled === 0;
}

await main();
