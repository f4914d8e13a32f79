import type { Runtime } from "../engine/runtime.ts";
import type { Sid } from "../ids.ts";
import { mapConcurrently } from "../socketio/rooms/map-concurrently.ts";
import { fromSnapshot, type ListedSocket } from "./serialized-socket.ts";
import type { NamespaceDetails, ServerStats } from "./page-events.ts";

/** Sessions that are read one by one for the list of all sockets. */
const MAX_LISTED_SESSIONS = 500;
/** Children of a dynamic namespace that are counted. */
const MAX_COUNTED_CHILDREN = 50;

/** Where a deployment's sockets are to be looked for. */
export interface Places {
  readonly namespaces: { readonly named: readonly string[]; readonly dynamic: readonly string[] };
  readonly pingIntervalMs: number;
  /** Sessions whose end is known here and may not be in the table yet. */
  readonly ended: ReadonlySet<Sid>;
}

type Counts = Pick<ServerStats, "clientsCount" | "pollingClientsCount" | "namespaces">;

/**
 * Counts what the table has. A session has one beat: all of them are read, a request for each MB and shard; members of
 * namespaces are counted by the table.
 */
export async function countClients(runtime: Runtime, places: Places): Promise<Counts> {
  const [clients, namespaces] = await Promise.all([
    countSessions(runtime, places),
    countSockets(runtime, places),
  ]);
  return { ...clients, namespaces };
}

/** Every socket of the first five hundred sessions, by namespace, in the order in which they came: a read for each. */
export async function listSockets(runtime: Runtime, places: Places): Promise<ListedSocket[]> {
  const sids: Sid[] = [];
  for await (const { sid } of listSessions(runtime, places)) {
    if (sids.length === MAX_LISTED_SESSIONS) break;
    sids.push(sid);
  }
  const snapshots = await mapConcurrently(sids, (sid) => runtime.store.loadSession(sid, { handshake: true }));
  return snapshots
    .flatMap((snapshot) => (snapshot === undefined ? [] : fromSnapshot(snapshot)))
    .sort((a, b) => compare(a.socket.nsp, b.socket.nsp) || a.connectedAtMs - b.connectedAtMs);
}

async function countSessions(
  runtime: Runtime,
  places: Places,
): Promise<Pick<Counts, "clientsCount" | "pollingClientsCount">> {
  let clientsCount = 0;
  let pollingClientsCount = 0;
  for await (const { route } of listSessions(runtime, places)) {
    clientsCount += 1;
    if (route.kind !== "connection") pollingClientsCount += 1;
  }
  return { clientsCount, pollingClientsCount };
}

/** By their beats, which a session has from its OPEN on; also those of an interval that a deploy has changed. */
async function* listSessions({ store }: Runtime, { pingIntervalMs, ended }: Places) {
  const sweeps = await store.listSweeps();
  for (const intervalMs of new Set([pingIntervalMs, ...sweeps.map((sweep) => sweep.pingIntervalMs)])) {
    for await (const page of store.listBeats(intervalMs, 0, intervalMs))
      for (const beat of page) if (!ended.has(beat.sid)) yield beat;
  }
}

async function countSockets({ store }: Runtime, { namespaces }: Places): Promise<NamespaceDetails[]> {
  const children = await mapConcurrently(namespaces.dynamic, async (parent) =>
    (await store.listChildNamespaces(parent)).slice(0, MAX_COUNTED_CHILDREN),
  );
  const named = new Set(namespaces.named);
  const dynamic = children.flat().filter((name) => !named.has(name));
  const counted = await mapConcurrently([...named, ...dynamic], async (name) => ({
    name,
    socketsCount: await store.countMembers(name, undefined),
  }));
  // A child that nobody is in any more stays in the table for a while.
  return counted.filter(({ name, socketsCount }) => named.has(name) || socketsCount > 0);
}

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
