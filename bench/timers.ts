/**
 * How late timers ring that are due within one minute: `npm run bench:timers [-- --count N --in local|serve]`, on the
 * local runtime or, by `serve`, in this process and in memory. Times are printed, not judged: they belong to the machine.
 * One that rings early, twice or never is judged.
 */
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { io as connect, type Socket } from "socket.io-client";
import { serve } from "nonsticky/testing";
import { startLocal } from "../infra/local/local.ts";
import { startCollector } from "../test/support/collector.ts";

const CLIENTS = 16;
const BATCH = 25;
const WINDOW_MS = 60_000;
const PATIENCE_MS = 60_000;
const INSTANCES = 8;
const SLICE_MS = 2_000;

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: { count: { type: "string", default: "10000" }, in: { type: "string", default: "local" } },
  });
  const count = Number(values.count);
  const place = values.in === "serve" ? inThisProcess : onLocalRuntime;
  const rung = new Map<string, number[]>();
  const collector = await startCollector<{ readonly key: string }>();
  const onRing = (key: string) => void rung.set(key, [...(rung.get(key) ?? []), Date.now()]);
  collector.onReport = ({ key }, moment) => {
    if (moment === "before") onRing(key);
  };
  const server = await place.start(collector.url, onRing);
  try {
    const firstDueMs = Date.now() + 10_000 + count * place.armingMsEach;
    const dues = new Map(
      Array.from({ length: count }, (_, index) => [
        `timer-${index}`,
        Math.round(firstDueMs + (index * WINDOW_MS) / count),
      ]),
    );
    const armingMs = await arm(server.url, [...dues]);
    console.log(
      `${count} timers armed in ${armingMs} ms, ${firstDueMs - Date.now()} ms before the first is due`,
    );
    const giveUpAtMs = firstDueMs + WINDOW_MS + PATIENCE_MS;
    while (rung.size < count && Date.now() < giveUpAtMs)
      await new Promise((resolve) => setTimeout(resolve, 100));
    await server.idle();
    if (!judge(dues, rung)) process.exitCode = 1;
  } finally {
    await server.stop();
    await collector.stop();
  }
}

interface Place {
  /** How long arming a timer may take before the first is due. */
  readonly armingMsEach: number;
  start(
    collectorUrl: string,
    onRing: (key: string) => void,
  ): Promise<{ readonly url: string; idle(): Promise<void>; stop(): Promise<unknown> }>;
}

const onLocalRuntime: Place = {
  armingMsEach: 3,
  start: (collectorUrl) => {
    const app = fileURLToPath(new URL("./apps/timers.ts", import.meta.url));
    return startLocal({ app, instances: INSTANCES, env: { COLLECTOR_URL: collectorUrl } });
  },
};

const inThisProcess: Place = {
  armingMsEach: 1,
  start: async (_, onRing) => {
    const { io, listener } = await import("./apps/timers.ts");
    listener.onRing = onRing;
    const { url, settled, close } = await serve(io);
    return { url, idle: settled, stop: close };
  },
};

async function arm(url: string, timers: readonly (readonly [string, number])[]): Promise<number> {
  const beganAtMs = Date.now();
  const left = [...timers];
  const sockets: Socket[] = [];
  await Promise.all(
    Array.from({ length: CLIENTS }, async () => {
      const socket = connect(url, { transports: ["websocket"], forceNew: true });
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
  tellSlices(dues, rung);
  return missing + early + doubled === 0;
}

/** Where in the minute the late ones are: an instance that starts or a burst makes a cluster, a lack of processor none. */
function tellSlices(dues: ReadonlyMap<string, number>, rung: ReadonlyMap<string, readonly number[]>): void {
  const firstDueMs = Math.min(...dues.values());
  const slices = new Map<number, number[]>();
  for (const [key, [atMs = 0]] of rung) {
    const dueAtMs = dues.get(key) ?? 0;
    const slice = Math.floor((dueAtMs - firstDueMs) / SLICE_MS);
    slices.set(slice, [...(slices.get(slice) ?? []), atMs - dueAtMs]);
  }
  console.log("due in second: median, last");
  for (const [slice, lates] of [...slices].sort(([a], [b]) => a - b)) {
    const sorted = lates.sort((a, b) => a - b);
    console.log(`  ${(slice * SLICE_MS) / 1000}: ${sorted[sorted.length >> 1]}, ${sorted.at(-1)}`);
  }
}

await main();
