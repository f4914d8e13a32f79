import type { Clock } from "../../lib/clock.ts";
import { ringAlarms } from "../../lib/engine/alarms/ring-alarms.ts";
import { sweep } from "../../lib/engine/heartbeat/heartbeat.ts";
import type { FanOut } from "../../lib/engine/fan-out.ts";
import { Inbox } from "../../lib/engine/inbox/inbox.ts";
import type { Delivery, Letter } from "../../lib/engine/letter.ts";
import { Runtime } from "../../lib/engine/runtime.ts";
import { emptyTally } from "../../lib/engine/turn.ts";
import { countPart, sendPart } from "../../lib/socketio/rooms/broadcast-part.ts";
import { Server } from "../../lib/socketio/server.ts";
import type { ServerOptions } from "../../lib/socketio/server-options.ts";
import type { ConnectionId, Sid } from "../../lib/ids.ts";
import { createMemoryStore, type MemoryStore } from "../../lib/state/memory-store.ts";
import { START_MS } from "../state/fixtures.ts";
import { ModelAlarms } from "./timers/alarms.ts";
import { Crashes } from "./crashes.ts";
import { ModelQueue } from "./fifo.ts";
import { writes, type Schedule, type Touch } from "./schedule.ts";
import { createTornStore, type Halves } from "./torn-store.ts";

/** One process of the product: an invocation with a server of its own, as new as after a cold start. */
export interface Instance {
  readonly process: string;
  readonly io: Server;
  readonly runtime: Runtime;
  readonly inbox: Inbox;
  /** Something the library cannot see, such as the app's own database: ends when the schedule says so. */
  pause(label: string): Promise<void>;
}

export interface WorldOptions {
  /** Registers the app's handlers: what a module that exports `io` does when it is loaded. */
  readonly app?: (instance: Instance) => void;
  /** Default `queue`. In `direct` ordering every letter is an invocation at once. */
  readonly ordering?: "queue" | "direct";
  readonly maxBatch?: number;
  /** True: nothing is delivered before the model says `queue.open()`. Default false. */
  readonly held?: boolean;
  /** How many processes may stop forever, between any two of their steps. Default none. */
  readonly crashes?: number;
  /** For controls: what a wrong poller or a wrong inbox would make of a delivery. */
  readonly alter?: (delivery: Delivery) => Delivery;
  /** How time passes in an invocation, see `Schedule.allowTicks`. Default: only when nothing else can happen. */
  readonly ticks?: Ticks;
  /** How many alarms ring, and how often each is handed over. Default: all of them, once. */
  readonly alarms?: { readonly most?: number; readonly copies?: number };
  /** Members a page, beyond which a broadcast is cut into parts, each sent by a process of its own. Default: nobody is. */
  readonly membersAPage?: number;
  /** Options of every process's server. */
  readonly server?: ServerOptions;
}

export type Ticks = Parameters<Schedule["allowTicks"]>[1];

interface Connection {
  open: boolean;
  readonly frames: string[];
  /** Who hears the frames, where a model has a client that does something about them. */
  listener?: ConnectionListener;
}

export interface ConnectionListener {
  /** What it touches when it hears something. */
  readonly touches: readonly Touch[];
  onFrame(frame: string): void;
  /** The server has ended the connection. */
  onEnd(): void;
}

/**
 * The real code of `lib/engine` and `lib/socketio` in as many processes as there are letters, on one table, one mailbox and one gateway,
 * each call of which is a step of the schedule.
 */
export class World {
  /** The clock of every process that starts from now on; only a later stage may move it. */
  nowMs: number;
  readonly crashes: Crashes;
  readonly table: Halves;
  readonly queue: ModelQueue;
  readonly alarms: ModelAlarms;
  readonly connections = new Map<ConnectionId, Connection>();
  /** What handlers have said, in the order of this schedule: only counts and the order within one process mean much. */
  readonly said: string[] = [];
  /** Lines logged as errors: in most models there are none. */
  readonly errors: unknown[] = [];
  readonly schedule: Schedule;
  readonly #options: WorldOptions;
  readonly #invocations = new Map<string, number>();

  constructor(schedule: Schedule, options: WorldOptions = {}, nowMs = START_MS) {
    this.schedule = schedule;
    this.nowMs = nowMs;
    this.#options = options;
    const clock = { nowMs: () => nowMs, sleep: () => Promise.resolve() };
    const pageSize = options.membersAPage ?? 1_000;
    this.table = {
      own: createMemoryStore({ clock }),
      members: createMemoryStore({ clock, pageSize }),
      membersAPage: options.membersAPage,
      sids: [],
    };
    this.crashes = new Crashes(schedule, options.crashes ?? 0, (process) => this.alarms.release(process));
    this.alarms = new ModelAlarms(schedule, {
      most: Infinity,
      copies: 1,
      ...options.alarms,
      crashes: this.crashes,
      ring: (process, ringing) => ringAlarms(this.createInstance(process).runtime, [ringing]),
    });
    this.queue = new ModelQueue(schedule, {
      ...(options.maxBatch === undefined ? {} : { maxBatch: options.maxBatch }),
      crashes: this.crashes,
      held: options.held ?? false,
      receive: (process, batch) => {
        const { alter = (delivery) => delivery } = options;
        return this.createInstance(process).inbox.receive(batch.map(alter));
      },
    });
  }

  /** A process of its own, with the ports as it sees them. */
  createInstance(process: string, ticks = this.#options.ticks): Instance {
    const { schedule } = this;
    if (ticks) schedule.allowTicks(process, ticks);
    let { nowMs } = this;
    const clock: Clock = {
      nowMs: () => nowMs,
      sleep: async (durationMs, waker) => {
        await schedule.sleep(process, waker);
        nowMs += durationMs;
      },
    };
    const runtime = new Runtime({
      store: createTornStore(schedule, process, this.table),
      transport: this.#createTransport(process),
      mailbox: {
        send: (letter) => this.#send(process, letter),
        release: (receipts) => {
          const touches = [writes("queue")];
          return schedule.step(process, "release", touches, () => this.queue.release(receipts));
        },
      },
      alarms: {
        set: (alarm) =>
          schedule.step(process, `sets an alarm of ${alarm.key}`, [writes("alarms")], () =>
            this.alarms.append(process, alarm),
          ),
      },
      clock,
      logger: {
        debug: () => undefined,
        info: () => undefined,
        warn: () => undefined,
        error: (message, fields) => void this.errors.push(fields?.error ?? message),
      },
      isOrdered: this.#options.ordering !== "direct",
      ...(this.#options.membersAPage === undefined ? {} : { fanOut: this.#createFanOut(process) }),
    });
    const io = new Server(this.#options.server);
    const pause = (label: string) => schedule.step(process, label, [], () => undefined);
    const inbox = new Inbox(runtime, io.engine);
    const instance = { process, io, runtime, inbox, pause };
    // As a module is: loaded, then served.
    this.#options.app?.(instance);
    io.engine.bind(runtime);
    return instance;
  }

  /** Code of the app outside of any turn: a script, another Lambda. */
  runScript(process: string, script: (instance: Instance) => Promise<unknown>): void {
    const instance = this.createInstance(process);
    this.schedule.run(
      process,
      () => script(instance),
      () => this.alarms.release(process),
    );
  }

  /** One run of the heartbeat function. */
  runSweep(process: string): void {
    const { runtime, io } = this.createInstance(process);
    this.crashes.run(process, async () => {
      await sweep(runtime, io.engine.options);
      await runtime.strays.settle();
    });
  }

  /** Somebody outside puts a letter into the mailbox: the gateway does so by itself, as a step of its own. */
  mail(process: string, ...letters: readonly Letter[]): void {
    this.schedule.run(process, async () => {
      for (const letter of letters) await this.#send(process, letter);
    });
  }

  /** Before the first step: a letter that is there already, or in direct ordering an invocation. */
  prepare(letter: Letter): void {
    if (this.#options.ordering === "direct") this.#invoke(letter, "gateway");
    else this.queue.append(letter);
  }

  connect(connectionId: ConnectionId): Connection {
    const connection = { open: true, frames: [] };
    this.connections.set(connectionId, connection);
    return connection;
  }

  /** Rows of rooms and namespaces that are left. */
  countMembers(): number {
    const { roomMembers, namespaceMembers } = this.table.members.countRows();
    return roomMembers + namespaceMembers;
  }

  count(kind: keyof ReturnType<MemoryStore["countRows"]>): number {
    return this.table.own.countRows()[kind];
  }

  times(said: string): number {
    return this.said.filter((line) => line === said).length;
  }

  async phaseOf(sid: Sid): Promise<string | undefined> {
    return (await this.table.own.loadSession(sid, { handshake: false }))?.session.phase;
  }

  #send(process: string, letter: Letter): Promise<void> {
    const label = `sends ${describe(letter)}`;
    if (this.#options.ordering === "direct") {
      return this.schedule.step(process, label, [], () => this.#invoke(letter, process));
    }
    const touches = [this.queue.touches(letter)];
    return this.schedule.step(process, label, touches, () => this.queue.append(letter));
  }

  #invoke(letter: Letter, by: string): void {
    const ordinal = (this.#invocations.get(by) ?? 0) + 1;
    this.#invocations.set(by, ordinal);
    const process = `${by} → ${describe(letter)} ${ordinal}`;
    const delivery = { letter, id: process, redelivered: false };
    const { inbox } = this.createInstance(process);
    this.crashes.run(process, () => inbox.receive([delivery]));
  }

  /** A synchronous invocation, whose crash is an error to whoever invokes. Of a part that is for nobody there is none. */
  #createFanOut(process: string): FanOut {
    let invocations = 0;
    const reader = { store: this.table.members };
    return {
      send: async (part) => {
        if ((await countPart(reader, part)) === 0) return emptyTally();
        const name = `${process} part ${++invocations}`;
        return new Promise((resolve, reject) => {
          this.crashes.run(
            name,
            async () => resolve(await sendPart(this.createInstance(name).runtime, part)),
            () => reject(new Error("Runtime.ExitError")),
          );
        });
      },
    };
  }

  #createTransport(process: string): Runtime["transport"] {
    const { schedule, connections } = this;
    const toTouches = (connectionId: ConnectionId) => [
      writes("gateway", connectionId),
      ...(connections.get(connectionId)?.listener?.touches ?? []),
    ];
    return {
      post: (connectionId, frame) =>
        schedule.step(process, `posts ${frame} to ${connectionId}`, toTouches(connectionId), () => {
          const connection = connections.get(connectionId);
          if (!connection?.open) return "gone";
          connection.frames.push(frame);
          connection.listener?.onFrame(frame);
          return "sent";
        }),
      close: (connectionId) =>
        schedule.step(process, `closes ${connectionId}`, toTouches(connectionId), () => {
          const connection = connections.get(connectionId);
          if (!connection?.open) return "gone";
          connection.open = false;
          connection.listener?.onEnd();
          return "closed";
        }),
    };
  }
}

function describe(letter: Letter): string {
  if (letter.kind === "frame") return `frame ${letter.text}`;
  if (letter.kind === "payload") return `payload ${letter.texts}`;
  return letter.kind === "closed" ? `closed (${letter.reason})` : letter.kind;
}
