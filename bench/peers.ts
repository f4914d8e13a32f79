/**
 * Side by side with the official server, in alternating rounds of one run on one machine: `npm run bench:peers`. Rates and
 * times belong to the machine, the ratios to the servers. `--rounds N`, `--json`. Needs Linux, and `redis-server` on the PATH
 * for the official pair.
 */
import { spawn, spawnSync } from "node:child_process";
import { parseArgs } from "node:util";
import { findFreePort } from "../scripts/free-port.ts";
import { compilePeer } from "./peers/compile-peer.ts";
import { startPeer, type Peer } from "./peers/peer.ts";
import type { Question } from "./peers/run-together.ts";
import { measureBroadcast, measureConnect, measureEcho, type Measured } from "./peers/rounds.ts";

const DURATION_MS = 3_000;
const CONNECTIONS = 300;
const OFFICIAL = "official server";

type Operation = "echo" | "delivery" | "connection";
const operations: readonly Operation[] = ["echo", "delivery", "connection"];

/** CPU of a process that holds server and clients, as a multiple of the same with the official server. */
const targets = { echo: 3, delivery: 1.8 };
type Together = keyof typeof targets;

const { values } = parseArgs({
  options: { rounds: { type: "string", default: "3" }, json: { type: "boolean", default: false } },
});

const results = new Map<Peer, Record<Operation, Measured[]>>();
const memory = new Map<Peer, number>();
const together = new Map<Peer, Record<Together, Measured[]>>();
const { peers, pairs, stop } = await startPeers();
try {
  for (let round = 0; round < Number(values.rounds); round += 1) {
    // Who goes first changes, so that what warms up or slows down meets all.
    for (const peer of round % 2 === 0 ? peers : peers.toReversed()) {
      const measured = results.get(peer) ?? { echo: [], delivery: [], connection: [] };
      results.set(peer, measured);
      const connection = await measureConnect(peer, CONNECTIONS);
      if (round === 0) memory.set(peer, connection.bytes);
      measured.connection.push(connection);
      measured.echo.push(await measureEcho(peer, DURATION_MS));
      measured.delivery.push(await measureBroadcast(peer, DURATION_MS));
    }
    for (const pair of round % 2 === 0 ? pairs : pairs.toReversed()) {
      const measured = together.get(pair) ?? { echo: [], delivery: [] };
      together.set(pair, measured);
      for (const operation of Object.keys(targets) as Together[]) {
        const question: Question = { operation, durationMs: DURATION_MS };
        measured[operation].push((await pair.ask(question)) as Measured);
      }
    }
  }
  for (const peer of peers) print(peer);
  const rows = compare();
  for (const { operation, ratio, target, ok } of rows) {
    console.log(
      `server and socket.io-client in one process, CPU for each ${operation}: ${ratio}x the official server's, at most ${target}x wanted${ok ? "" : " (missed)"}`,
    );
  }
  if (values.json) console.log(JSON.stringify({ rows }));
} finally {
  await stop();
}

async function startPeers() {
  const peers = [
    await startPeer(OFFICIAL, "./run-official.ts"),
    await startPeer("nonsticky in process", await compilePeer("run-in-process.ts")),
    await startPeer("nonsticky, local runtime", "./run-local.ts"),
  ];
  const together = await compilePeer("run-together.ts");
  const pairs = [
    await startPeer("official", together, ["official"]),
    await startPeer("nonsticky", together, ["nonsticky"]),
  ];
  const stops = [...peers, ...pairs].map((peer) => peer.stop);
  if (spawnSync("redis-server", ["--version"]).status === 0) {
    const port = String(await findFreePort());
    const settings = ["--port", port, "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"];
    const redis = spawn("redis-server", settings, { stdio: "ignore" });
    const pair = await startPeer("two official servers, Redis adapter", "./run-official.ts", [port]);
    peers.push(pair);
    stops.push(async () => {
      await pair.stop();
      redis.kill();
    });
  } else
    console.log("left out, with no redis-server on the PATH: two official servers with the Redis adapter");
  return { peers, pairs, stop: async () => void (await Promise.all(stops.map((stopOne) => stopOne()))) };
}

function print(peer: Peer): void {
  console.log(peer.name);
  for (const operation of operations) {
    const rate = median(peer, operation, "rate").toFixed(0);
    console.log(
      `  ${operation}: ${rate} a second, CPU ${median(peer, operation, "cpuUs").toFixed(0)} µs each`,
    );
  }
  console.log(`  memory: ${((memory.get(peer) ?? NaN) / 1024).toFixed(1)} KiB for each connection`);
}

function compare() {
  const [official, nonsticky] = pairs as [Peer, Peer];
  return Object.entries(targets).map(([name, target]) => {
    const operation = name as Together;
    const cpuUs = (pair: Peer): number => medianOf(together.get(pair)?.[operation] ?? [], "cpuUs");
    const ratio = Number((cpuUs(nonsticky) / cpuUs(official)).toFixed(2));
    return { operation, ratio, target, ok: ratio <= target };
  });
}

function median(peer: Peer, operation: Operation, of: keyof Measured): number {
  return medianOf(results.get(peer)?.[operation] ?? [], of);
}

function medianOf(all: readonly Measured[], of: keyof Measured): number {
  const sorted = all.map((measured) => measured[of]).toSorted((one, other) => one - other);
  return sorted[Math.floor(sorted.length / 2)] ?? NaN;
}
