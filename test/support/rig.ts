import { admit } from "../../lib/engine/handshake/admission.ts";
import type { AlarmClock, Ringing } from "../../lib/engine/alarms/alarm.ts";
import { ringAlarms } from "../../lib/engine/alarms/ring-alarms.ts";
import type { EngineApp } from "../../lib/engine/engine.ts";
import { sweep } from "../../lib/engine/heartbeat/heartbeat.ts";
import type { BroadcastPart, FanOut } from "../../lib/engine/fan-out.ts";
import { Inbox } from "../../lib/engine/inbox/inbox.ts";
import { Runtime } from "../../lib/engine/runtime.ts";
import { sendPart } from "../../lib/socketio/rooms/broadcast-part.ts";
import { Server } from "../../lib/socketio/server.ts";
import type { ServerOptions } from "../../lib/socketio/server-options.ts";
import type { HandlerWatch } from "../../lib/handler-watch.ts";
import { toConnectionId, type ConnectionId, type Sid } from "../../lib/ids.ts";
import type { Logger } from "../../lib/log.ts";
import { createMemoryMetrics } from "./memory-metrics.ts";
import { createMemoryStore, type MemoryStore } from "../../lib/state/memory-store.ts";
import type { Store } from "../../lib/state/store.ts";
import { isOver, mortal, type Life } from "./crashing.ts";
import { FifoMailbox } from "./fifo-mailbox.ts";
import { ManualAlarms } from "./manual-alarms.ts";
import { drain, ManualClock } from "./manual-clock.ts";
import { RecordingTransport } from "./recording-transport.ts";

export interface RigOptions extends ServerOptions {
  /** Batches go to them in turn, so two packets never meet on the same one unless there is just one. Default 1. */
  readonly instances?: number;
  /** Default true. */
  readonly isOrdered?: boolean;
  /** Default true: false for a script that uses the stack. */
  readonly hasApp?: boolean;
  /** How many executions polling may take; without it nobody counts. */
  readonly pollCapacity?: number;
  /** Members a page. */
  readonly pageSize?: number;
  /** Large broadcasts are cut into parts, each sent by an instance of its own. Default false. */
  readonly fansOut?: boolean;
  /** Default: lines are put into `logs`. */
  readonly logger?: Logger;
  /** Who looks at handlers and packets. Default: nobody. */
  readonly watch?: HandlerWatch;
}

/** What one instance keeps: its own server, built by the app's module, and nothing of the others. */
export interface Instance {
  readonly io: Server;
  readonly app: EngineApp;
  readonly runtime: Runtime;
  readonly inbox: Inbox;
  /** Ends the instance at one of its calls. */
  readonly life: Life;
}

export interface LogLine {
  readonly level: string;
  readonly message: string;
  readonly [field: string]: unknown;
}

type DefineApp = (io: Server) => unknown;

/** The whole path of a packet with no process, no network and no time in it. */
export class Rig {
  readonly clock = new ManualClock();
  readonly store: MemoryStore;
  readonly transport = new RecordingTransport();
  readonly mailbox = new FifoMailbox();
  readonly alarms = new ManualAlarms(this.clock, (ringing) => this.#ring(ringing));
  readonly logs: LogLine[] = [];
  /** Of all instances. */
  readonly metrics = createMemoryMetrics();
  readonly instances: Instance[];
  readonly #define: (options: ServerOptions) => { io: Server; app: EngineApp };
  readonly #options: RigOptions;
  readonly #sids = new Map<ConnectionId, Sid>();
  #batches = 0;

  constructor(app: DefineApp | EngineApp, options: RigOptions = {}) {
    this.#options = options;
    this.store = createMemoryStore({ clock: this.clock, pageSize: options.pageSize ?? 2 });
    this.#define = (serverOptions) => {
      // One write per socket, which is not what most tests are about.
      const io = new Server({ replayDigest: false, ...serverOptions });
      if (typeof app !== "function") return { io, app };
      app(io);
      return { io, app: io.engine };
    };
    this.instances = Array.from({ length: options.instances ?? 1 }, () => this.createInstance());
    // `$disconnect` follows every connection that ends.
    this.transport.onClose = (connectionId) => this.#reportDisconnect(connectionId);
  }

  get io(): Server {
    return this.instances[0]!.io;
  }

  /** A client whose session is open, as far as the gateway's first letter goes. */
  async open(query: Record<string, string> = {}, headers: Record<string, string> = {}): Promise<Client> {
    const client = await this.admit(query, headers);
    await this.settle();
    return client;
  }

  /** A client that was let in and whose letter waits in the mailbox. */
  async admit(query: Record<string, string> = {}, headers: Record<string, string> = {}): Promise<Client> {
    const connectionId = toConnectionId(`connection-${this.#sids.size + 1}=`);
    const arrival = {
      connectionId,
      headers,
      query: { EIO: "4", transport: "websocket", ...query },
      address: "192.0.2.7",
      secure: headers["x-forwarded-proto"] === "https",
    };
    const admission = await admit(this, this.instances[0]!.app, arrival);
    if (!admission.admitted) throw new Error(`expected to be admitted, got ${admission.message}`);
    this.#sids.set(connectionId, admission.sid);
    await this.mailbox.send({
      kind: "opened",
      sid: admission.sid,
      connectionId,
      atMs: this.clock.nowMs(),
    });
    return new Client(this, admission.sid, connectionId);
  }

  /** A client in a namespace, with the frames so far put aside. */
  async connect(nsp = "/"): Promise<Client> {
    const client = await this.open();
    await client.join(nsp);
    return client;
  }

  /** Hands over every letter that can be, and lets everything come to rest that needs no time. */
  async settle(): Promise<void> {
    for (;;) {
      await drain();
      const batch = this.mailbox.take(this.clock.nowMs());
      if (batch === undefined) return;
      const instance = this.instances[this.#batches % this.instances.length]!;
      this.#batches += 1;
      void instance.inbox.receive(batch).then(
        (failed) => {
          if (!isOver(instance.life)) this.mailbox.finish(batch, failed);
        },
        (error: unknown) => this.logs.push({ level: "fatal", message: "the batch was rejected", error }),
      );
    }
  }

  /** How a part of a broadcast is sent: by an instance that is made for it. */
  onPart: FanOut["send"] = (part) => {
    const { runtime } = this.createInstance();
    return sendPart(runtime, JSON.parse(JSON.stringify(part)) as BroadcastPart);
  };

  #ring(ringing: Ringing): void {
    const instance = this.instances[this.#batches % this.instances.length]!;
    this.#batches += 1;
    void ringAlarms(instance.runtime, [ringing]).then((failed) => {
      if (!isOver(instance.life)) this.alarms.finish(ringing, failed);
    });
  }

  /** Time goes by, and letters are handed over on the way. */
  async advance(durationMs: number): Promise<void> {
    await this.clock.advance(durationMs);
    await this.settle();
  }

  /** Everything whose instance crashed or failed comes again. */
  async redeliver(): Promise<void> {
    this.mailbox.reappear();
    this.alarms.reappear();
    await this.settle();
  }

  /** A new instance in the place of one that has crashed. */
  replace(index: number): Instance {
    return (this.instances[index] = this.createInstance());
  }

  /** One run of the heartbeat function. */
  async sweep(instance: Instance = this.instances[0]!): Promise<void> {
    await sweep(instance.runtime, instance.app.options);
    await this.settle();
  }

  /** Log lines with this code. */
  logged(code: string): LogLine[] {
    return this.logs.filter((line) => line["code"] === code);
  }

  createInstance(): Instance {
    const {
      isOrdered = true,
      hasApp = true,
      logger,
      pollCapacity,
      watch,
      instances: _,
      pageSize: __,
      fansOut = false,
      ...serverOptions
    } = this.#options;
    const { io, app } = this.#define(serverOptions);
    const life: Life = { calls: [], endsAfter: undefined };
    const store: Store = mortal(this.store, life, "store");
    const runtime = new Runtime({
      store,
      transport: mortal(this.transport, life, "transport"),
      mailbox: mortal(this.mailbox, life, "mailbox"),
      alarms: mortal(this.alarms as AlarmClock, life, "alarms"),
      clock: this.clock,
      logger: logger ?? this.#createLogger(),
      metrics: this.metrics,
      isOrdered,
      hasApp,
      pollCapacity,
      watch,
      fanOut: fansOut ? { send: (part) => this.onPart(part) } : undefined,
    });
    app.bind(runtime);
    return { io, app, runtime, inbox: new Inbox(runtime, app), life };
  }

  #createLogger(): Logger {
    const at =
      (level: string): Logger["info"] =>
      (message, fields) => {
        this.logs.push({ level, message, ...fields });
      };
    return { debug: at("debug"), info: at("info"), warn: at("warn"), error: at("error") };
  }

  #reportDisconnect(connectionId: ConnectionId): void {
    const sid = this.#sids.get(connectionId);
    if (sid === undefined) return;
    const atMs = this.clock.nowMs();
    void this.mailbox.send({ kind: "closed", sid, connectionId, atMs, reason: "transport close" });
  }
}

/** One WebSocket, as the gateway sees it: text frames in, text frames out. */
export class Client {
  readonly sid: Sid;
  readonly connectionId: ConnectionId;
  readonly #rig: Rig;
  #seen = 0;

  constructor(rig: Rig, sid: Sid, connectionId: ConnectionId) {
    this.#rig = rig;
    this.sid = sid;
    this.connectionId = connectionId;
  }

  /** Frames that arrived since this was last asked. */
  get received(): string[] {
    const frames = this.#rig.transport.framesTo(this.connectionId);
    const fresh = frames.slice(this.#seen);
    this.#seen = frames.length;
    return fresh;
  }

  get isClosed(): boolean {
    return this.#rig.transport.closed.includes(this.connectionId);
  }

  /** Puts frames into the mailbox; they run at the next `settle`. */
  write(...frames: string[]): void {
    const { sid, connectionId } = this;
    const atMs = this.#rig.clock.nowMs();
    for (const text of frames) void this.#rig.mailbox.send({ kind: "frame", sid, connectionId, atMs, text });
  }

  /** Frames that are handed over together. */
  async send(...frames: string[]): Promise<void> {
    this.write(...frames);
    await this.#rig.settle();
  }

  /** Joins a namespace; resolves with the id of its socket. */
  async join(nsp = "/"): Promise<string> {
    void this.received;
    await this.send(nsp === "/" ? "40" : `40${nsp},`);
    const prefix = nsp === "/" ? '40{"sid":"' : `40${nsp},{"sid":"`;
    const frames = this.received;
    const accepted = frames.find((frame) => frame.startsWith(prefix));
    if (accepted === undefined) throw new Error(`expected ${prefix}…, got ${JSON.stringify(frames)}`);
    return accepted.slice(prefix.length, prefix.length + 20);
  }

  /** The client's own end of the connection is closed, and the gateway says so. */
  async leave(): Promise<void> {
    const { sid, connectionId } = this;
    this.#rig.transport.drop(connectionId);
    const atMs = this.#rig.clock.nowMs();
    await this.#rig.mailbox.send({ kind: "closed", sid, connectionId, atMs, reason: "transport close" });
    await this.#rig.settle();
  }
}

/** A promise that a test settles. */
export interface Gate<T = void> {
  readonly passed: Promise<T>;
  open(value: T): void;
  fail(error: Error): void;
}

export function createGate<T = void>(): Gate<T> {
  const { promise, resolve, reject } = withResolvers<T>();
  return { passed: promise, open: resolve, fail: reject };
}

function withResolvers<T>() {
  let resolve: (value: T) => void = () => undefined;
  let reject: (error: Error) => void = () => undefined;
  const promise = new Promise<T>((onResolve, onReject) => {
    resolve = onResolve;
    reject = onReject;
  });
  return { promise, resolve, reject };
}
