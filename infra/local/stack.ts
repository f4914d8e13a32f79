import { randomUUID } from "node:crypto";
import type { Server } from "node:http";
import { describeShadowed } from "../../lib/aws/shadowed-routes.ts";
import { isSid, protocolOf } from "../../lib/ids.ts";
import { attachAwsEndpoint } from "./aws-endpoint.ts";
import { Counters } from "./counters.ts";
import type { Endpoints } from "./environment.ts";
import type { Faults } from "./faults.ts";
import { Connections } from "./gateway/connection.ts";
import { attachGateway, type GatewayOptions } from "./gateway/gateway.ts";
import type { AnsweredPost } from "./gateway/management.ts";
import type { WebSocketApi } from "./gateway/websocket.ts";
import type { EventStream } from "./inspector/event-stream.ts";
import type { Switches } from "./inspector/inspector-events.ts";
import { Switchboard } from "./inspector/switchboard.ts";
import { toHandedOver, toInvoked, toPost } from "./inspector/told.ts";
import { AsynchronousInvocations } from "./lambda/asynchronous.ts";
import type { Bundles } from "./lambda/bundler.ts";
import type { InvocationOutcome } from "./lambda/instance.ts";
import type { Accepts, Pool } from "./lambda/pool.ts";
import { LocalError } from "./local-error.ts";
import type { LocalOptions } from "./options.ts";
import { createRandom } from "./random.ts";
import { startSchedule } from "./schedule.ts";
import { StackFunctions } from "./stack-functions.ts";
import { createRoutes, createWebSocketApi, type GatewayParts } from "./stack-gateway.ts";
import { StackQueues } from "./stack-queues.ts";
import type { Topology } from "./topology.ts";

export interface StackOptions {
  readonly topology: Topology;
  readonly options: LocalOptions;
  readonly bundles: Bundles;
  readonly endpoints: Endpoints;
  readonly publicDir: string | undefined;
  /** Without a trailing slash. */
  readonly path: string;
  readonly events: EventStream;
}

/** The parts of the stack, wired as its topology says. */
export class Stack {
  readonly topology: Topology;
  readonly connections = new Connections();
  readonly webSocketApi: WebSocketApi;
  readonly counters = new Counters();
  readonly functions: StackFunctions;
  readonly events: EventStream;
  readonly switches: Switchboard;
  disconnectEventsLost = false;
  #options: LocalOptions;
  #faults: Faults;
  #publicDir: string | undefined;
  #path: string;
  readonly #gatewayUrl: string;
  readonly #queues: StackQueues;
  readonly #parts: GatewayParts;
  #stopSchedules: (() => void)[] = [];
  #random: () => number;
  #log: (line: string) => void;
  #asynchronous: AsynchronousInvocations;
  #stopped = false;

  constructor({ topology, options, bundles, endpoints, publicDir, path, events }: StackOptions) {
    this.events = events;
    this.#gatewayUrl = endpoints.gateway;
    const { chaos = 0, antiAffinity = false, freeze = false } = options;
    this.switches = new Switchboard({ chaos, antiAffinity, freeze }, (now, before) =>
      this.#onSwitch(now, before),
    );
    this.#path = path;
    this.topology = topology;
    this.#options = options;
    this.#faults = options.faults ?? {};
    this.#publicDir = publicDir;
    this.#random = createRandom((options.seed ?? 1) + 1);
    this.#log = options.log ?? ((line) => process.stderr.write(`${line}\n`));
    this.#asynchronous = new AsynchronousInvocations(options.redeliverAfterMs ?? 250, this.#log);
    const { counters, switches } = this;
    const shared = { topology, options, counters, switches, events, log: this.#log };
    this.functions = new StackFunctions({ ...shared, bundles, endpoints, path });
    this.#queues = new StackQueues({ ...shared, functions: this.functions });
    const { connections, functions } = this;
    this.#parts = {
      ...shared,
      functions,
      connections,
      queues: this.#queues,
      accepts: (sid) => this.#acceptsFor(sid),
      path: () => this.#path,
      disconnectEventsLost: () => this.disconnectEventsLost,
    };
    this.webSocketApi = createWebSocketApi(this.#parts);
  }

  get pools(): ReadonlyMap<string, Pool> {
    return this.functions.pools;
  }

  attach(gateway: Server, awsEndpoint: Server, inspect: GatewayOptions["inspect"]): void {
    const { events } = this;
    const onAnswer = (post: AnsweredPost) => events.tell(toPost(post));
    attachGateway(gateway, {
      ...createRoutes(this.#parts, gateway),
      stage: this.topology.stage,
      publicDir: this.#publicDir,
      webSocketApi: this.webSocketApi,
      faults: this.#faults,
      inspect,
      allowedHosts: this.#options.allowedHosts ?? [],
      management: {
        connections: this.connections,
        close: (connection) => this.webSocketApi.close(connection),
        throttled: () => this.switches.now.throttle > 0 && this.#random() < this.switches.now.throttle,
        onPost: () => (this.counters.posts += 1),
        get onAnswer() {
          return events.listening ? onAnswer : undefined;
        },
        allowBinaryFrames: this.#options.allowBinaryFrames ?? false,
        faults: this.#faults,
      },
    });
    attachAwsEndpoint(awsEndpoint, {
      queues: { find: (name) => this.#queues.findOfFunctions(name) },
      invoke: (name, event) => this.functions.findByName(name)?.invoke(event, "asynchronous"),
      invokeLater: (name, event) => this.#invokeLater(name, event),
      events: this.events,
    });
  }

  /** Resolves when every function has its warm instances; schedules have fired once by then. */
  async start(): Promise<void> {
    await this.functions.start();
    this.#takePath();
    for (const { functionKey, everySeconds } of this.topology.schedules) {
      const event = { source: "aws.scheduler", "detail-type": "Scheduled Event" };
      this.#stopSchedules.push(
        startSchedule(everySeconds, () => void this.#runScheduled(functionKey, event)),
      );
    }
  }

  /** Frames as a polling client sends them. Resolves with the status of the answer. */
  async postFrames(sid: string, frames: string): Promise<number> {
    const protocol = isSid(sid) ? protocolOf(sid) : 4;
    const url = `${this.#gatewayUrl}${this.#path}/?EIO=${protocol}&transport=polling&sid=${encodeURIComponent(sid)}`;
    const { status } = await fetch(url, {
      method: "POST",
      headers: { "content-type": "text/plain" },
      body: frames,
    });
    return status;
  }

  /** Whether nothing is queued and nothing runs but what a schedule started, and polls, which wait most of the time. */
  isIdle(): boolean {
    const { schedules, httpFunctionKey } = this.topology;
    const patient = new Set([...schedules.map(({ functionKey }) => functionKey), httpFunctionKey]);
    const busy = [...this.pools.values()].some(({ spec, running }) => running > 0 && !patient.has(spec.key));
    return !busy && this.#asynchronous.pending === 0 && this.#queues.isEmpty();
  }

  async reload(bundles: Bundles): Promise<void> {
    await this.functions.reload(bundles);
    this.#takePath();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#asynchronous.stop();
    for (const stopSchedule of this.#stopSchedules) stopSchedule();
    this.#queues.stop();
    this.webSocketApi.stop();
    await this.functions.stop();
  }

  /** An app that names its path is served there, unless somebody says where to serve it. */
  #takePath(): void {
    const path = this.functions.app?.path ?? this.#path;
    const given = this.#options.path ?? this.#options.env?.["NONSTICKY_PATH"];
    if (path !== this.#path && given !== undefined) {
      throw new LocalError(
        `expected the path of the stage to be the app's own, new Server({ path: "${path}" }), got ${given}`,
      );
    }
    this.#path = path;
    const { shadowed = [] } = this.functions.app ?? {};
    if (shadowed.length > 0) this.#log(describeShadowed(shadowed, path));
  }

  #onSwitch(now: Switches, before: Switches): void {
    this.functions.onSwitch(now, before);
    this.#queues.pump();
    if (!this.events.listening) return;
    this.events.tell({ type: "switches", ...now });
    // Every page shows it by the time that who has set it is answered.
    this.events.flush();
  }

  /** In direct ordering: tells of a letter, and returns what tells which invocation got it. */
  #tellInvoked(event: unknown): ((invocation: string) => void) | undefined {
    const { events } = this;
    const id = randomUUID();
    const told = events.listening ? toInvoked(event, id, events.cause) : undefined;
    if (told === undefined) return undefined;
    events.tell(told);
    return (invocation) => events.tell(toHandedOver({ letter: id, invocation }));
  }

  #acceptsFor(sid: string | undefined): Accepts | undefined {
    if (sid === undefined || !this.switches.now.antiAffinity) return undefined;
    return (pid) => !this.counters.wasLast(sid, pid);
  }

  #invokeLater(name: string, event: unknown): boolean {
    const pool = this.functions.findByName(name);
    if (pool !== undefined) this.#asynchronous.accept(pool, event, this.#tellInvoked(event));
    return pool !== undefined;
  }

  async #runScheduled(functionKey: string, event: unknown): Promise<void> {
    const outcome: InvocationOutcome = await this.functions.require(functionKey).invoke(event, "schedule");
    if (outcome.kind !== "answered" && !this.#stopped) {
      this.#log(`scheduled ${functionKey} ${outcome.kind}: ${outcome.message}`);
    }
  }
}
