import type { AwsClient, Command } from "../../lib/requests/aws-client.ts";
import { toConnectionId, toSocketId, type Sid } from "../../lib/ids.ts";
import { createDynamoStore } from "../../lib/state/dynamo/dynamo-store.ts";
import { ROOM_SHARDS_SORT_KEY } from "../../lib/state/dynamo/keys.ts";
import type { RoomShardsOptions } from "../../lib/state/dynamo/room-shards.ts";
import { StateError } from "../../lib/state/errors.ts";
import type { Member } from "../../lib/state/records.ts";
import type { Store } from "../../lib/state/store.ts";
import { MemoryTable } from "../../test/support/memory-table.ts";
import { assumed } from "./assumed.ts";
import { createSeeded, drawMs, seededSid } from "./seeded.ts";
import { VirtualTime } from "./virtual-time.ts";

export interface StormRun {
  /** How long each client took from its attempt to when it was in its room, and all of them together, in milliseconds. */
  readonly enteredMs: readonly number[];
  readonly allMs: number;
  /** How long a letter waited for an execution of the inbox. */
  readonly waitedMs: readonly number[];
  /** Letters that came again, and clients that did, since the table threw their writes back too often. */
  readonly again: number;
  /** Members in each partition of the room when all were cut off. */
  readonly partitions: readonly number[];
  /** The most units that were written to one partition in a second, which one it was, and writes thrown back. */
  readonly hottest: number;
  readonly hottestKey: string;
  readonly refusedWrites: number;
}

/** A turn of the inbox, by the batch: its reads and posts, without the writes, which the store makes. */
const TURN_MS = { p50: 30, p99: 120 };
/** Letters of different clients that a batch brings. */
const BATCH = 10;

/**
 * A room that has grown at the pace of new connections, whose clients all come back at once, as after a deploy that has cut
 * them off: by the stock client's delays, at the pace that API Gateway takes connections, while those they were before are
 * still being closed. Every write is the real store's, one of an instance for each execution that runs beside others, to
 * partitions that take no more than DynamoDB's do.
 */
export async function playStorm(
  seed: number,
  clients: number,
  roomShards: RoomShardsOptions = {},
): Promise<StormRun> {
  const random = createSeeded(seed);
  const time = new VirtualTime();
  const table = new ThrottledTable(time, random);
  const createStore = () =>
    createDynamoStore({ client: table, tableName: "table", clock: time, random, roomShards });
  const enteredMs: number[] = [];
  const sids: Sid[] = [];
  let inbox = new GrowingPool(time, createStore);
  let taken = 0;
  let second = 0;
  let again = 0;

  const memberOf = (sid: Sid, index: number): Member => ({
    sid,
    socketId: toSocketId(`socket-${index}`.padEnd(20, "x")),
    route: { kind: "connection", connectionId: toConnectionId(`connection-${index}=`) },
    protocol: 4,
  });
  /** Whether API Gateway takes a connection now. */
  const accept = (): boolean => {
    const now = Math.floor(time.nowMs() / 1_000);
    if (now !== second) [second, taken] = [now, 0];
    taken += 1;
    return taken <= assumed.connects;
  };
  const closeOld = async (index: number): Promise<void> => {
    const { sid, socketId } = memberOf(sids[index] ?? seededSid(random, 0), index);
    const close = async (store: Store): Promise<boolean> => {
      await time.sleep(drawMs(random, TURN_MS) / BATCH);
      // Its own rows tell where its memberships are.
      await store.loadSession(sid, { handshake: false });
      return isDone(store.deleteMemberships(sid, [{ nsp: "/", socketId, rooms: ["lobby"] }]));
    };
    while (!(await inbox.run(close))) {
      again += 1;
      await time.sleep(assumed.visibilityMs);
    }
  };
  const enter = async (index: number): Promise<boolean> => {
    const attemptedMs = time.nowMs();
    const sid = seededSid(random, attemptedMs);
    const member = memberOf(sid, index);
    const handshake = {
      headers: {},
      query: {},
      address: "",
      secure: true,
      xdomain: false,
      url: "/",
      issuedAtMs: 0,
    };
    const session = {
      sid,
      protocol: 4,
      transport: "websocket",
      pingIntervalMs: 480_000,
      pingTimeoutMs: 120_000,
      phase: "open",
      expiresAtSeconds: Math.ceil(attemptedMs / 1_000) + 9_000,
    } as const;
    await authorizer.createSession(session, handshake);
    await inbox.run(async (store) => {
      await time.sleep(drawMs(random, TURN_MS) / BATCH);
      await store.openBeat({ sid, pingIntervalMs: 480_000, route: member.route, lastPongAtMs: attemptedMs });
    });
    const isIn = await inbox.run(async (store) => {
      await time.sleep(drawMs(random, TURN_MS) / BATCH);
      const { socketId } = member;
      const socket = { nsp: "/", socketId, connectedAtMs: attemptedMs, data: {}, spent: [] };
      const auth = { nsp: "/", socketId, auth: {} };
      return isDone(store.connectSocket({ sid, socket, auth, member, rooms: ["lobby"] }));
    });
    if (isIn) enteredMs.push(time.nowMs() - attemptedMs);
    else again += 1;
    if (isIn) sids[index] = sid;
    return isIn;
  };
  const authorizer = createStore();
  /** As the stock client waits: a second, twice as long each time up to five, half of it more or less. */
  const comeBack = async (index: number): Promise<void> => {
    for (let attempt = 0; ; attempt++) {
      await time.sleep(Math.min(5_000, 1_000 * 2 ** attempt) * (0.5 + random()));
      if (accept() && (await enter(index))) return;
    }
  };
  /** At nine tenths of the pace at which connections are taken. */
  const arrive = async (index: number): Promise<void> => {
    await time.sleep((index / assumed.connects / 0.9) * 1_000);
    while (!(await enter(index))) await time.sleep(1_000);
  };
  const all = Array.from({ length: clients }, (_, index) => index);

  await time.run(() => Promise.all(all.map(arrive)));
  const partitions = Object.values(table.count("room#1:/5:lobby")).toSorted((a, b) => b - a);
  [enteredMs.length, again] = [0, 0];
  table.forgetSeen();
  inbox = new GrowingPool(time, createStore, inbox.idle);
  const beganMs = time.nowMs();
  await time.run(() => Promise.all(all.map((index) => Promise.all([closeOld(index), comeBack(index)]))));
  const allMs = time.nowMs() - beganMs;
  const members = Object.values(table.count("room#1:/5:lobby")).reduce((sum, count) => sum + count, 0);
  if (members - Number(partitions.length > 1) !== clients)
    throw new Error(`expected ${clients} members at the end, got ${members}`);
  return { enteredMs, allMs, waitedMs: inbox.waitedMs, again, partitions, ...table.seen };
}

/** False where the table kept throwing it back, which ends a turn. */
async function isDone(write: Promise<void>): Promise<boolean> {
  try {
    await write;
    return true;
  } catch (error) {
    if (error instanceof StateError && error.code === "state.unprocessed_writes") return false;
    throw error;
  }
}

/** As many executions as the mapping of the mailbox has by then, each in an environment with a store of its own. */
class GrowingPool {
  readonly waitedMs: number[] = [];
  /** Of environments that run nothing now, that used last at the end. */
  readonly idle: Store[];
  readonly #time: VirtualTime;
  readonly #createStore: () => Store;
  readonly #sinceMs: number;
  readonly #waiting: (() => void)[] = [];
  #running = 0;

  constructor(time: VirtualTime, createStore: () => Store, idle: Store[] = []) {
    this.#time = time;
    this.#createStore = createStore;
    this.idle = idle;
    this.#sinceMs = time.nowMs();
  }

  async run<T>(task: (store: Store) => Promise<T>): Promise<T> {
    const cameMs = this.#time.nowMs();
    if (this.#running >= this.#most()) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    this.#running += 1;
    this.waitedMs.push(this.#time.nowMs() - cameMs);
    const store = this.idle.pop() ?? this.#createStore();
    try {
      return await task(store);
    } finally {
      this.idle.push(store);
      this.#running -= 1;
      for (let free = Math.floor(this.#most() - this.#running); free > 0; free--) this.#waiting.shift()?.();
    }
  }

  #most(): number {
    const grownSeconds = (this.#time.nowMs() - this.#sinceMs) / 1_000;
    return assumed.mappingStart + assumed.mappingPerSecond * grownSeconds;
  }
}

/** A table of which each partition takes so much to write in a second; what is too much for it is thrown back. */
class ThrottledTable implements AwsClient {
  readonly #time: VirtualTime;
  readonly #random: () => number;
  readonly #table = new MemoryTable(({ pk, item }) =>
    this.#take(pk, item === undefined ? 1 : Math.ceil(JSON.stringify(item).length / 1_024)),
  );
  #second = 0;
  #written = new Map<string, number>();
  seen = { hottest: 0, hottestKey: "", refusedWrites: 0 };

  constructor(time: VirtualTime, random: () => number) {
    this.#time = time;
    this.#random = random;
  }

  count(beginning: string): Readonly<Record<string, number>> {
    return this.#table.count(beginning);
  }

  forgetSeen(): void {
    this.seen = { hottest: 0, hottestKey: "", refusedWrites: 0 };
  }

  async send<Input extends object, Output extends object>(command: Command<Input, Output>): Promise<Output> {
    await this.#time.sleep(drawMs(this.#random, assumed.tableMs));
    if (command.action !== "UpdateItem") return this.#table.send(command);
    const { pk, sk } = (command.input as unknown as { Key: { pk: string; sk: string } }).Key;
    while (!this.#take(pk, 1)) await this.#time.sleep(50);
    // Of beats nobody asks here.
    return sk === ROOM_SHARDS_SORT_KEY ? this.#table.send(command) : ({} as Output);
  }

  region(): Promise<string> {
    return this.#table.region();
  }

  destroy(): void {
    this.#table.destroy();
  }

  #take(pk: string, units: number): boolean {
    const second = Math.floor(this.#time.nowMs() / 1_000);
    if (second !== this.#second) [this.#second, this.#written] = [second, new Map()];
    const written = (this.#written.get(pk) ?? 0) + units;
    if (written > assumed.writeUnits) {
      this.seen.refusedWrites += 1;
      return false;
    }
    this.#written.set(pk, written);
    if (written > this.seen.hottest) [this.seen.hottest, this.seen.hottestKey] = [written, pk];
    return true;
  }
}
