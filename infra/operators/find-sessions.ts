import { isSid, openedAtMs, type Sid } from "../../lib/ids.ts";
import { storedData } from "../../lib/socketio/replay/socket-row.ts";
import { mapConcurrently } from "../../lib/socketio/rooms/map-concurrently.ts";
import { fromRoomName, toRoomName } from "../../lib/socketio/rooms/room-name.ts";
import type { SessionSnapshot } from "../../lib/state/records.ts";
import { roomsInOrder } from "../../lib/state/rooms-in-order.ts";
import type { Store } from "../../lib/state/store.ts";
import { OperatorsError } from "./operators-error.ts";
import type { Filter } from "./sessions-options.ts";

/** A session as an operator sees it. */
export interface FoundSession {
  readonly id: Sid;
  readonly openedAtMs: number;
  readonly transport: "websocket" | "polling";
  /** Of Engine.IO. */
  readonly protocol: number;
  readonly address: string;
  readonly sockets: readonly FoundSocket[];
}

export interface FoundSocket {
  readonly namespace: string;
  readonly id: string;
  /** Without its own. */
  readonly rooms: readonly string[];
  readonly data: Readonly<Record<string, unknown>>;
}

type Reads = Pick<
  Store,
  "loadSession" | "listBeats" | "listSweeps" | "listRoomMembers" | "listNamespaceMembers" | "getDeployment"
>;

/** Sessions that are read at once. */
const CHUNK = 64;

/**
 * Those that fit, as they are found: a page of beats, or of the members of a room or a namespace where that is asked for,
 * and then a query for each. Sessions that are being closed are none. `onRead` is told how many have been read so far.
 *
 * Throws an `OperatorsError` where the table is none of a nonsticky stack.
 */
export async function* findSessions(
  store: Reads,
  filter: Filter,
  nowMs: number,
  onRead: (count: number) => void = () => undefined,
): AsyncGenerator<FoundSession, void, undefined> {
  await requireStack(store);
  let read = 0;
  const seen = new Set<Sid>();
  for await (const page of candidates(store, filter)) {
    const fresh = page.filter((sid) => !seen.has(sid) && fitsAge(sid, filter, nowMs));
    for (const sid of fresh) seen.add(sid);
    for (let start = 0; start < fresh.length; start += CHUNK) {
      const chunk = fresh.slice(start, start + CHUNK);
      const snapshots = await mapConcurrently(chunk, (sid) => store.loadSession(sid, { handshake: true }));
      read += chunk.length;
      onRead(read);
      for (const snapshot of snapshots) {
        const found = snapshot && toFound(snapshot);
        if (found && fits(found, filter)) yield found;
      }
    }
  }
}

/** A running stack has either: its heartbeat function writes both, the one each minute, the other each hour. */
async function requireStack(store: Reads): Promise<void> {
  try {
    const [sweeps, deployment] = await Promise.all([store.listSweeps(), store.getDeployment()]);
    if (sweeps.length > 0 || deployment !== undefined) return;
  } catch (error) {
    if (!(error instanceof Error) || error.name !== "ValidationException") throw error;
    throw new OperatorsError(
      `expected the table of a nonsticky stack, got one with other keys: ${error.message}`,
    );
  }
  throw new OperatorsError(
    "expected the table of a nonsticky stack, got one in which no heartbeat function has written; does --table name it, and has the stack run for a minute?",
  );
}

async function* candidates(store: Reads, { id, namespace, room }: Filter): AsyncGenerator<readonly Sid[]> {
  const nsp = namespace ?? "/";
  if (id !== undefined) {
    if (isSid(id) && (await store.loadSession(id, { handshake: false }))) yield [id];
    // Every socket is in a room that has the name of its id.
    else yield* sidsOf(store.listRoomMembers(nsp, toRoomName(id)));
    return;
  }
  if (room !== undefined) return yield* sidsOf(store.listRoomMembers(nsp, toRoomName(room)));
  if (namespace !== undefined) {
    for (const shard of store.listNamespaceMembers(namespace)) yield* sidsOf(shard);
    return;
  }
  // A session has a beat from its OPEN on.
  for (const { pingIntervalMs } of await store.listSweeps())
    yield* sidsOf(store.listBeats(pingIntervalMs, 0, pingIntervalMs));
}

async function* sidsOf(
  pages: AsyncIterable<readonly { readonly sid: Sid }[]>,
): AsyncGenerator<readonly Sid[]> {
  for await (const page of pages) yield page.map(({ sid }) => sid);
}

function toFound({ session, handshake, sockets, joined }: SessionSnapshot): FoundSession | undefined {
  if (session.phase !== "open") return undefined;
  return {
    id: session.sid,
    openedAtMs: openedAtMs(session.sid),
    transport: session.transport,
    protocol: session.protocol,
    address: handshake?.address ?? "",
    sockets: sockets.map((record) => ({
      namespace: record.nsp,
      id: record.socketId,
      rooms: roomsInOrder(record, joined)
        .filter((name) => name !== record.socketId)
        .map((name) => String(fromRoomName(name))),
      data: Object.fromEntries(
        Object.entries(storedData(record)).map(([key, text]) => [key, JSON.parse(text) as unknown]),
      ),
    })),
  };
}

function fitsAge(sid: Sid, { olderThanMs = 0, youngerThanMs = Infinity }: Filter, nowMs: number): boolean {
  const ageMs = nowMs - openedAtMs(sid);
  return ageMs >= olderThanMs && ageMs < youngerThanMs;
}

function fits({ id, transport, sockets }: FoundSession, filter: Filter): boolean {
  if (filter.transport !== undefined && transport !== filter.transport) return false;
  if (filter.id !== undefined && id !== filter.id && !sockets.some((socket) => socket.id === filter.id))
    return false;
  if (filter.namespace === undefined && filter.room === undefined) return true;
  const { room } = filter;
  return sockets.some(
    (socket) =>
      (filter.id !== undefined && filter.namespace === undefined
        ? true
        : socket.namespace === (filter.namespace ?? "/")) &&
      (room === undefined || socket.id === room || socket.rooms.includes(room)),
  );
}
