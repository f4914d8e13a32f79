/**
 * How fast the local runtime is, beside the official server in the same run on the same machine. `npm run
 * bench:local`. Times are printed, not judged: they belong to the machine.
 */
import { spawn } from "node:child_process";
import { copyFile, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { startLocal } from "../infra/local/local.ts";
import { startOfficial } from "../test/support/official-server.ts";
import { measureLatency, measureThroughput, type Latencies, type Throughput } from "./closed-loop.ts";

const EVENTS = 1_000;
const CLIENTS = 50;
const DURATION_MS = 10_000;
const INSTANCES = 2;

const echoApp = fileURLToPath(new URL("./apps/echo.ts", import.meta.url));
const root = fileURLToPath(new URL("..", import.meta.url));

async function main(): Promise<void> {
  const readyMs = await measureReady();
  console.log(`first ready, functions built anew: ${readyMs.toFixed(0)} ms`);

  const control = await startOfficial((io) => {
    io.on("connection", (socket) => {
      socket.on("echo", (value: number, ack: (value: number) => void) => ack(value));
    });
  });
  print("official server (control)", await measureLatency(control.url, EVENTS), await load(control.url));
  await control.stop();

  const runtime = await startLocal({ app: echoApp, instances: INSTANCES });
  try {
    const latency = await measureLatency(runtime.url, EVENTS);
    const throughput = await load(runtime.url);
    print("nonsticky, local runtime", latency, throughput);
    const functions = runtime.instances().map(({ functionName }) => functionName);
    const counts = [...new Set(functions)].map(
      (name) => `${name} ${functions.filter((one) => one === name).length}`,
    );
    console.log(`  instances: ${counts.join(", ")}`);
    const { coldStarts, invocations, posts } = runtime.stats();
    console.log(`  cold starts ${coldStarts}, invocations ${JSON.stringify(invocations)}, posts ${posts}`);
  } finally {
    await runtime.stop();
  }
}

const load = (url: string): Promise<Throughput> => measureThroughput(url, CLIENTS, DURATION_MS);

/** From the start of the command to `ready`, with an app that no bundle has been made of yet. */
async function measureReady(): Promise<number> {
  const folder = await mkdtemp(path.join(tmpdir(), "ready-"));
  const app = path.join(folder, "app.ts");
  await copyFile(echoApp, app);
  const startedAtMs = performance.now();
  const command = ["--import", "tsx", "--conditions=nonsticky-source", "infra/local/dev.ts"];
  const child = spawn(process.execPath, [...command, "--port", "0", "--app", app], {
    cwd: root,
    stdio: ["ignore", "pipe", "inherit"],
  });
  try {
    await new Promise<void>((resolve, reject) => {
      child.stdout.on("data", (chunk: Buffer) => {
        if (chunk.toString("utf8").includes("ready http://")) resolve();
      });
      child.once("exit", (code) =>
        reject(new Error(`expected the local runtime to get ready, got exit code ${code}`)),
      );
    });
    return performance.now() - startedAtMs;
  } finally {
    const gone = new Promise((resolve) => child.once("exit", resolve));
    child.kill("SIGTERM");
    await gone;
    await rm(folder, { recursive: true, force: true });
  }
}

function print(name: string, latency: Latencies, throughput: Throughput): void {
  const ms = (value: number): string => value.toFixed(2);
  console.log(`${name}`);
  console.log(
    `  echo with ack, 1 client: p50 ${ms(latency.p50Ms)} ms, p95 ${ms(latency.p95Ms)} ms (${EVENTS} events)`,
  );
  console.log(
    `  echo with ack, ${CLIENTS} clients in closed loop: ${throughput.eventsPerSecond.toFixed(0)} events/s, p50 ${ms(throughput.latency.p50Ms)} ms, p95 ${ms(throughput.latency.p95Ms)} ms (${throughput.events} events)`,
  );
}

await main();
