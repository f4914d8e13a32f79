import type { Faults } from "../../infra/local/faults.ts";
import type { LocalRuntime } from "../../infra/local/local.ts";
import { createRandom } from "../../infra/local/random.ts";
import { ChatClient } from "../e2e/chat-client.ts";
import type { Handled } from "../e2e/chat-load.ts";
import { startCollector } from "../support/collector.ts";
import { startFaultProxy } from "../support/fault-proxy.ts";
import { startOurs } from "../support/our-server.ts";
import { isLive, readRows, sidOf, type Row } from "../support/table-rows.ts";
import { eventually, pause, within } from "../support/waiting.ts";
import { hostileLines } from "./hostile-lines.ts";
import { hostileRequests } from "./hostile-requests.ts";
import type { Stranger } from "./stranger.ts";
import { healTable, hurtTable, type TableCounts, type TableFaults } from "./table-faults.ts";

export interface Abuse {
  /** So many hostile sessions, so many of them at once. */
  readonly sessions: number;
  readonly atOnce: number;
  readonly seed: number;
  /** The probability that an invocation's instance is killed. */
  readonly chaos?: number;
  readonly faults?: Faults;
  readonly table?: TableFaults;
  readonly throttledPosts?: number;
  readonly clockSkewMs?: number;
  /** Of the environment: how often is pinged. */
  readonly pings?: { readonly intervalMs: number; readonly timeoutMs: number };
  /** How long what strangers left behind may stay. */
  readonly cleanupMs: number;
  /** No session is begun after so long; the rest is for the oracle. */
  readonly atMostMs: number;
}

export interface AbuseResult {
  readonly seed: number;
  /** How many have been played of each kind. */
  readonly played: ReadonlyMap<string, number>;
  /** The chat of those who did no harm. */
  readonly bystanders: readonly ChatClient[];
  /** By bystanders and strangers. */
  readonly handled: readonly Handled[];
  /** What strangers were acknowledged. */
  readonly acknowledged: readonly string[];
  /** Lines of the functions. */
  readonly lines: readonly string[];
  readonly table: TableCounts | undefined;
  readonly stats: Pick<ReturnType<LocalRuntime["stats"]>, "kills" | "redeliveries" | "deadLetters" | "posts">;
  /** Rows that say of a client that it is here, when all have gone. */
  readonly left: readonly string[];
  readonly elapsedMs: number;
}

const BYSTANDERS = [
  { name: "ann", transports: ["websocket"] },
  { name: "bob", transports: ["websocket"] },
  { name: "cid", transports: ["polling"] },
  { name: "dan", transports: ["polling", "websocket"] },
] as const;

const repertoire = Object.entries({ ...hostileLines, ...hostileRequests });

/** Strangers without end, and beside them a few clients that talk to each other and have nothing to do with it. */
export async function playAbuse(abuse: Abuse): Promise<AbuseResult> {
  const { sessions, atOnce, seed, atMostMs } = abuse;
  const startedAtMs = Date.now();
  const lines: string[] = [];
  const collector = await startCollector<Handled>();
  const proxy = await startFaultProxy();
  const runtime = await startRuntime(abuse, collector.url, proxy.url, lines);
  proxy.target = runtime.dynamodbEndpoint;
  const bystanders = BYSTANDERS.map(({ name, transports }) => {
    const transportOptions = { transports: [...transports] };
    const talk = { room: "square", messages: Infinity, window: 1, paceMs: 40 };
    return new ChatClient(runtime.url, { name, transportOptions, ...talk });
  });
  try {
    await eventually(
      () => bystanders.every(({ sent }) => sent.some(({ ackedAtMs }) => ackedAtMs !== undefined)),
      () => "expected every bystander to be answered",
      30_000,
    );
    const table = abuse.table && hurtTable(proxy, abuse.table, createRandom(seed + 1));
    runtime.gateway.throttlePosts(abuse.throttledPosts ?? 0);
    const acknowledged: string[] = [];
    const played = new Map<string, number>();
    let next = 0;
    const isTimeLeft = () => Date.now() - startedAtMs < atMostMs;
    const playOn = async () => {
      for (let index = next++; index < sessions && isTimeLeft(); index = next++) {
        // Of its own, so that a session is the same whatever the others do.
        const random = createRandom(seed * 100_003 + index);
        const stranger: Stranger = { url: runtime.url, name: `x${index}`, random, lines: 0, acknowledged };
        // All kinds in turn, in an order that the seed decides.
        const [name, play] = kindOf(seed, index);
        await play(stranger);
        played.set(name, (played.get(name) ?? 0) + 1);
      }
    };
    await Promise.all(Array.from({ length: atOnce }, playOn));

    healTable(proxy);
    runtime.gateway.throttlePosts(0);
    if (abuse.faults !== undefined)
      for (const key of Object.keys(abuse.faults)) delete (abuse.faults as Record<string, unknown>)[key];
    await within(
      Promise.all(bystanders.map((client) => client.stop())),
      () => "expected bystanders to be answered",
      30_000,
    );
    await within(runtime.idle(), () => "expected the mailbox to become empty", 60_000);
    await pause(300); // frames already written to the clients' sockets
    const { kills, redeliveries, deadLetters, posts } = runtime.stats();
    const stats = { kills, redeliveries, deadLetters, posts };
    for (const client of bystanders) client.hangUp();
    const left = await waitForRows(runtime, abuse.cleanupMs);
    return {
      seed,
      played,
      bystanders,
      handled: [...collector.reports],
      acknowledged,
      lines,
      table,
      stats,
      left,
      elapsedMs: Date.now() - startedAtMs,
    };
  } finally {
    for (const client of bystanders) client.hangUp();
    await runtime.stop();
    await proxy.stop();
    await collector.stop();
  }
}

/** All kinds in each round, in an order that the seed and the round decide. */
function kindOf(seed: number, index: number): (typeof repertoire)[number] {
  const random = createRandom(seed * 1_009 + Math.floor(index / repertoire.length));
  const order = repertoire
    .map((kind) => ({ kind, at: random() }))
    .toSorted((one, other) => one.at - other.at)
    .map(({ kind }) => kind);
  return order[index % order.length] as (typeof repertoire)[number];
}

function startRuntime(
  { chaos = 0, faults, seed, clockSkewMs, pings }: Abuse,
  collectorUrl: string,
  tableUrl: string,
  lines: string[],
): Promise<LocalRuntime> {
  return startOurs(import.meta.url, "./apps/abuse.ts", {
    instances: 2,
    maxInstances: 12,
    chaos,
    seed,
    ...(faults === undefined ? {} : { faults }),
    ...(clockSkewMs === undefined ? {} : { clockSkewMs }),
    env: {
      COLLECTOR_URL: collectorUrl,
      AWS_ENDPOINT_URL_DYNAMODB: tableUrl,
      ...(pings === undefined
        ? {}
        : {
            NONSTICKY_PING_INTERVAL_MS: String(pings.intervalMs),
            NONSTICKY_PING_TIMEOUT_MS: String(pings.timeoutMs),
          }),
    },
    log: (line) => lines.push(line),
  });
}

/** Until nothing of anybody is left, or time is up. */
async function waitForRows(runtime: LocalRuntime, patienceMs: number): Promise<readonly string[]> {
  const untilMs = Date.now() + patienceMs;
  for (;;) {
    const rows = await readRows(runtime);
    const sessions = new Set(rows.filter(({ identity }) => identity.kind === "session").map(sidOf));
    // A hold that has been let go shows late senders the way until it expires. It says of nobody that he is here.
    const isSignpost = (row: Row): boolean =>
      row.identity.kind === "outbox" && row.item["connectionId"] !== undefined && !sessions.has(sidOf(row));
    const live = rows.filter((row) => isLive(row) && !isSignpost(row));
    if (live.length === 0 || Date.now() > untilMs)
      return live.map(({ identity }) => JSON.stringify(identity));
    await pause(500);
  }
}

export const countKinds = (): number => repertoire.length;
