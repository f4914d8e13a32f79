import type { AwsClient, Command } from "../../lib/requests/aws-client.ts";
import { toConnectionId, toSocketId, type Sid } from "../../lib/ids.ts";
import { createDynamoStore } from "../../lib/state/dynamo/dynamo-store.ts";
import { StateError } from "../../lib/state/errors.ts";
import type { Member } from "../../lib/state/records.ts";
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
 * Clients that come back all at once, as after a deploy that has cut them off: by the stock client's delays, at the pace
 * that API Gateway takes connections, all into one room, while those they were before are still being closed. Every
 * write is the real store's, to partitions that take no more than DynamoDB's do.
 */
export async function playStorm(seed: number, clients: number): Promise<StormRun> {
  const random = createSeeded(seed);
  const time = new VirtualTime();
  const table = new ThrottledTable(time, random);
  const store = createDynamoStore({ client: table, tableName: "table", clock: time, random });
  const inbox = new GrowingPool(time);
  const enteredMs: number[] = [];
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
    const { sid, socketId } = memberOf(seededSid(random, time.nowMs() - 600_000), index);
    const close = async (): Promise<boolean> => {
      await time.sleep(drawMs(random, TURN_MS) / BATCH);
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
    await store.createSession(session, handshake);
    await inbox.run(async () => {
      await time.sleep(drawMs(random, TURN_MS) / BATCH);
      await store.openBeat({ sid, pingIntervalMs: 480_000, route: member.route, lastPongAtMs: attemptedMs });
    });
    const isIn = await inbox.run(async () => {
      await time.sleep(drawMs(random, TURN_MS) / BATCH);
      const { socketId } = member;
      const socket = { nsp: "/", socketId, connectedAtMs: attemptedMs, data: {}, spent: [] };
      const auth = { nsp: "/", socketId, auth: {} };
      return isDone(store.connectSocket({ sid, socket, auth, member, rooms: ["lobby"] }));
    });
    if (isIn) enteredMs.push(time.nowMs() - attemptedMs);
    else again += 1;
    return isIn;
  };
  /** As the stock client waits: a second, twice as long each time up to five, half of it more or less. */
  const comeBack = async (index: number): Promise<void> => {
    for (let attempt = 0; ; attempt++) {
      await time.sleep(Math.min(5_000, 1_000 * 2 ** attempt) * (0.5 + random()));
      if (accept() && (await enter(index))) return;
    }
  };

  const beganMs = time.nowMs();
  await time.run(() =>
    Promise.all(
      Array.from({ length: clients }, (_, index) => Promise.all([closeOld(index), comeBack(index)])),
    ),
  );
  return { enteredMs, allMs: time.nowMs() - beganMs, waitedMs: inbox.waitedMs, again, ...table.seen };
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

/** As many executions as the mapping of the mailbox has by then. */
class GrowingPool {
  readonly waitedMs: number[] = [];
  readonly #time: VirtualTime;
  readonly #sinceMs: number;
  readonly #waiting: (() => void)[] = [];
  #running = 0;

  constructor(time: VirtualTime) {
    this.#time = time;
    this.#sinceMs = time.nowMs();
  }

  async run<T>(task: () => Promise<T>): Promise<T> {
    const cameMs = this.#time.nowMs();
    if (this.#running >= this.#most()) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    this.#running += 1;
    this.waitedMs.push(this.#time.nowMs() - cameMs);
    try {
      return await task();
    } finally {
      this.#running -= 1;
      for (let free = Math.floor(this.#most() - this.#running); free > 0; free--) this.#waiting.shift()?.();
    }
  }

  #most(): number {
    const grownSeconds = (this.#time.nowMs() - this.#sinceMs) / 1_000;
    return assumed.mappingStart + assumed.mappingPerSecond * grownSeconds;
  }
}

/** A table that is written to: what each partition takes in a second, what is too much for it is thrown back. */
class ThrottledTable implements AwsClient {
  readonly #time: VirtualTime;
  readonly #random: () => number;
  #second = 0;
  #written = new Map<string, number>();
  seen = { hottest: 0, hottestKey: "", refusedWrites: 0 };

  constructor(time: VirtualTime, random: () => number) {
    this.#time = time;
    this.#random = random;
  }

  async send<Input extends object, Output extends object>({
    action,
    input,
  }: Command<Input, Output>): Promise<Output> {
    await this.#time.sleep(drawMs(this.#random, assumed.tableMs));
    if (action === "UpdateItem") {
      while (!this.#write((input as { Key: { pk: string } }).Key.pk, 1)) await this.#time.sleep(50);
      return {} as Output;
    }
    if (action !== "BatchWriteItem") throw new Error(`expected writes alone, got ${action}`);
    const { RequestItems } = input as { RequestItems: Record<string, WriteRequest[]> };
    const left = (RequestItems["table"] ?? []).filter(({ PutRequest, DeleteRequest }) => {
      const { pk } = PutRequest?.Item ?? DeleteRequest?.Key ?? { pk: "" };
      const units = PutRequest === undefined ? 1 : Math.ceil(JSON.stringify(PutRequest.Item).length / 1_024);
      return !this.#write(pk, units);
    });
    return (left.length === 0 ? {} : { UnprocessedItems: { table: left } }) as Output;
  }

  region(): Promise<string> {
    return Promise.resolve("us-east-1");
  }

  destroy(): void {
    // It keeps no connections.
  }

  #write(pk: string, units: number): boolean {
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

interface WriteRequest {
  readonly PutRequest?: { readonly Item: { readonly pk: string } };
  readonly DeleteRequest?: { readonly Key: { readonly pk: string } };
}
