import { io, type Socket } from "socket.io-client";

export interface Latencies {
  readonly p50Ms: number;
  readonly p95Ms: number;
}

export interface Throughput {
  readonly eventsPerSecond: number;
  readonly events: number;
  readonly latency: Latencies;
}

const WARM_UP_EVENTS = 50;

/** One client that sends the next event when the one before is acknowledged. */
export async function measureLatency(url: string, events: number): Promise<Latencies> {
  const client = await connect(url);
  try {
    for (let n = 0; n < WARM_UP_EVENTS; n++) await echo(client, n);
    const samples: number[] = [];
    for (let n = 0; n < events; n++) samples.push(await echo(client, n));
    return summarise(samples);
  } finally {
    client.disconnect();
  }
}

/** Many such clients at once, for so long. */
export async function measureThroughput(
  url: string,
  clients: number,
  durationMs: number,
): Promise<Throughput> {
  const sockets = await Promise.all(Array.from({ length: clients }, () => connect(url)));
  try {
    await Promise.all(sockets.map(async (socket) => echo(socket, -1)));
    const samples: number[] = [];
    const startedAtMs = performance.now();
    await Promise.all(
      sockets.map(async (socket, index) => {
        for (let n = index; performance.now() - startedAtMs < durationMs; n += clients) {
          samples.push(await echo(socket, n));
        }
      }),
    );
    const elapsedMs = performance.now() - startedAtMs;
    return {
      eventsPerSecond: (samples.length * 1000) / elapsedMs,
      events: samples.length,
      latency: summarise(samples),
    };
  } finally {
    for (const socket of sockets) socket.disconnect();
  }
}

async function connect(url: string): Promise<Socket> {
  const socket = io(url, { transports: ["websocket"], forceNew: true, reconnection: false });
  await new Promise<void>((resolve, reject) => {
    socket.once("connect", resolve);
    socket.once("connect_error", reject);
  });
  socket.on("disconnect", (reason) => {
    if (reason !== "io client disconnect") throw new Error(`expected connections to last, got "${reason}"`);
  });
  return socket;
}

/** Milliseconds from emit to ack. A wrong answer, or none, ends the bench. */
async function echo(socket: Socket, value: number): Promise<number> {
  const sentAtMs = performance.now();
  const answer: unknown = await socket.timeout(10_000).emitWithAck("echo", value);
  if (answer !== value) throw new Error(`expected the echo of ${value}, got ${JSON.stringify(answer)}`);
  return performance.now() - sentAtMs;
}

function summarise(samples: readonly number[]): Latencies {
  const sorted = samples.toSorted((one, other) => one - other);
  const at = (share: number): number =>
    sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
  return { p50Ms: at(0.5), p95Ms: at(0.95) };
}
