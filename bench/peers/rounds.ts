import type { Peer } from "./peer.ts";
import { WireClient } from "./wire-client.ts";

export interface Measured {
  /** A second. */
  readonly rate: number;
  /** Of the server, in microseconds, for each. */
  readonly cpuUs: number;
}

const LISTENERS = 200;
const ECHOING = 50;
const CONNECTING_AT_ONCE = 20;
/** Broadcasts under way at once: enough that a server is never idle, and few enough that none queues for long. */
const SHOUTS_AT_ONCE = 8;

/** Echoes with an acknowledgement, of fifty clients that each wait for theirs. */
export async function measureEcho(peer: Peer, durationMs: number): Promise<Measured> {
  const clients = await connectMany(peer, ECHOING);
  await Promise.all(clients.map((client) => client.ask("echo", 0)));
  let echoes = 0;
  const measured = await measure(
    peer,
    async (untilMs) => {
      const echoOn = async (client: WireClient) => {
        for (; performance.now() < untilMs; echoes += 1) await client.ask("echo", echoes);
      };
      await Promise.all(clients.map(echoOn));
      return echoes;
    },
    durationMs,
  );
  await closeAll(clients);
  return measured;
}

/** Broadcasts to a room of two hundred, eight under way at a time. Counts deliveries. */
export async function measureBroadcast(peer: Peer, durationMs: number): Promise<Measured> {
  const clients = await connectMany(peer, LISTENERS);
  const room = `room ${Math.random()}`;
  await Promise.all(clients.map((client) => client.ask("enter", room)));
  const [speaker] = clients as [WireClient];
  const measured = await measure(
    peer,
    (untilMs) =>
      new Promise((resolve) => {
        let deliveries = 0;
        let shouts = 0;
        const shout = () => speaker.tell("shout", room, shouts++);
        const onTold = () => {
          deliveries += 1;
          if (deliveries === shouts * LISTENERS && performance.now() >= untilMs) resolve(deliveries);
          else if (deliveries % LISTENERS === 0 && performance.now() < untilMs) shout();
        };
        for (const client of clients) client.onTold(onTold);
        for (let n = 0; n < SHOUTS_AT_ONCE; n += 1) shout();
      }),
    durationMs,
  );
  await closeAll(clients);
  return measured;
}

/** Handshakes up to the namespace, and how much the servers' memory has grown by each, as long as all are there. */
export async function measureConnect(
  peer: Peer,
  count: number,
): Promise<Measured & { readonly bytes: number }> {
  const before = { bytes: peer.memoryBytes(), cpu: peer.cpuSeconds(), atMs: performance.now() };
  const clients = await connectMany(peer, count);
  const seconds = (performance.now() - before.atMs) / 1000;
  const cpuUs = ((peer.cpuSeconds() - before.cpu) * 1e6) / count;
  const bytes = (peer.memoryBytes() - before.bytes) / count;
  await closeAll(clients);
  return { rate: count / seconds, cpuUs, bytes };
}

/** @param work gets when to stop, by `performance.now()`; resolves with how many were done, none of them still under way. */
async function measure(
  peer: Peer,
  work: (untilMs: number) => Promise<number>,
  durationMs: number,
): Promise<Measured> {
  const before = { cpu: peer.cpuSeconds(), atMs: performance.now() };
  const done = await work(before.atMs + durationMs);
  const seconds = (performance.now() - before.atMs) / 1000;
  return { rate: done / seconds, cpuUs: ((peer.cpuSeconds() - before.cpu) * 1e6) / done };
}

async function connectMany({ urls }: Peer, count: number): Promise<WireClient[]> {
  const clients: WireClient[] = [];
  let next = 0;
  const connectOn = async () => {
    for (let n = next++; n < count; n = next++) {
      clients.push(await WireClient.connect(urls[n % urls.length] as string));
    }
  };
  await Promise.all(Array.from({ length: CONNECTING_AT_ONCE }, connectOn));
  return clients;
}

const closeAll = (clients: readonly WireClient[]) => Promise.all(clients.map((client) => client.close()));
