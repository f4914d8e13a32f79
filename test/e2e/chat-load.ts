import type { LocalRuntime } from "../../infra/local/local.ts";
import type { ManagerOptions } from "socket.io-client";
import { startCollector } from "../support/collector.ts";
import { startOurs } from "../support/our-server.ts";
import { pause, within } from "../support/waiting.ts";
import { ChatClient } from "./chat-client.ts";

/** What the app reports for every packet its handler runs for. */
export interface Handled {
  readonly packet: string;
  readonly pid: number;
  readonly connection: string;
}

export interface LoadOptions {
  readonly clients: number;
  readonly rooms: number;
  readonly messages: number;
  /** How many messages each client has under way at once. */
  readonly window: number;
  /** Default true: every packet of a connection on another instance. If not, packets come in batches. */
  readonly antiAffinity?: boolean;
  /** Default WebSocket alone. */
  readonly transportOptions?: Partial<Pick<ManagerOptions, "transports" | "upgrade">>;
  /** Per function; parked polls hold one each. */
  readonly maxInstances?: number;
  readonly chaos: number;
  readonly seed: number;
  readonly patienceMs: number;
  /** Called with the running system, once everybody is talking. */
  readonly meanwhile?: (runtime: LocalRuntime, handled: readonly Handled[]) => Promise<void>;
}

export interface LoadResult {
  readonly clients: readonly ChatClient[];
  readonly handled: readonly Handled[];
  readonly kills: number;
  readonly redeliveries: number;
  readonly deadLetters: number;
  readonly reconnections: number;
  /** How many processes served each connection, by the app's own word. */
  readonly processesPerConnection: readonly number[];
  readonly elapsedMs: number;
}

/** Many clients in a few rooms, all talking and acknowledged, on instances that may die at any time. */
export async function playChat(options: LoadOptions): Promise<LoadResult> {
  const { clients: count, rooms, messages, chaos, seed } = options;
  const collector = await startCollector<Handled>();
  const runtime = await startOurs(import.meta.url, "./apps/room-chat.ts", {
    instances: 4,
    maxInstances: 8,
    antiAffinity: options.antiAffinity ?? true,
    ...(options.maxInstances === undefined ? {} : { maxInstances: options.maxInstances }),
    chaos,
    coldStartMs: [0, 400],
    seed,
    env: { COLLECTOR_URL: collector.url },
  });
  const startedAtMs = Date.now();
  const clients = Array.from({ length: count }, (_, index) => {
    const name = `client-${index}`;
    return new ChatClient(runtime.url, {
      name,
      room: `room-${index % rooms}`,
      messages: messages / count,
      window: options.window,
      transportOptions: options.transportOptions ?? { transports: ["websocket"] },
    });
  });
  try {
    const explain = (): string => {
      const waiting = clients.filter(({ isDone }) => !isDone);
      const acked = clients.flatMap(({ sent }) => sent).filter(({ ackedAtMs }) => ackedAtMs !== undefined);
      return `expected ${messages} acknowledged messages, got ${acked.length}; not done: ${waiting.length} clients`;
    };
    const meanwhile = options.meanwhile?.(runtime, collector.reports);
    await within(Promise.all(clients.map(({ done }) => done)), explain, options.patienceMs);
    await meanwhile;
    const elapsedMs = Date.now() - startedAtMs;
    await within(runtime.idle(), () => "expected the mailbox to become empty");
    await pause(300); // frames already written to the clients' sockets
    const { kills, redeliveries, deadLetters } = runtime.stats();
    return {
      clients,
      handled: [...collector.reports],
      kills,
      redeliveries,
      deadLetters,
      reconnections: clients.reduce((sum, { reconnections }) => sum + reconnections, 0),
      processesPerConnection: countProcesses(collector.reports),
      elapsedMs,
    };
  } finally {
    for (const client of clients) client.hangUp();
    await runtime.stop();
    await collector.stop();
  }
}

function countProcesses(handled: readonly Handled[]): number[] {
  const pids = new Map<string, Set<number>>();
  for (const { connection, pid } of handled) {
    const known = pids.get(connection) ?? new Set();
    pids.set(connection, known.add(pid));
  }
  return [...pids.values()].map(({ size }) => size);
}
