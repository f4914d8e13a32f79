import { randomUUID } from "node:crypto";
import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import { attachAwsEndpoint } from "./aws-endpoint.ts";
import { Counters } from "./counters.ts";
import { createEnvironment, type Endpoints } from "./environment.ts";
import { withLockedGroups, type Faults } from "./faults.ts";
import { Connections } from "./gateway/connection.ts";
import { attachGateway, type GatewayOptions } from "./gateway/gateway.ts";
import type { AnsweredRequest, HttpApiOptions } from "./gateway/http-api.ts";
import { createIntegrations, type IntegrationTargets } from "./gateway/integrations.ts";
import type { EventStream } from "./inspector/event-stream.ts";
import { Switchboard } from "./inspector/switchboard.ts";
import {
  toClosed,
  toDropped,
  toHandedOver,
  toInvoked,
  toLog,
  toOpened,
  toPost,
  toRequest,
  toRoute,
  toSent,
} from "./inspector/told.ts";
import type { Switches } from "./inspector/inspector-events.ts";
import type { AnsweredPost } from "./gateway/management.ts";
import { WebSocketApi } from "./gateway/websocket.ts";
import { AsynchronousInvocations } from "./lambda/asynchronous.ts";
import { createChaos } from "./lambda/chaos.ts";
import type { Bundles } from "./lambda/bundler.ts";
import type { InvocationOutcome } from "./lambda/instance.ts";
import { startGuard, type Guard } from "./lambda/start-guard.ts";
import { Pool, type Accepts } from "./lambda/pool.ts";
import { ownFolders } from "./installation.ts";
import { LocalError } from "./local-error.ts";
import { LostVariables } from "./lost-variables.ts";
import { EventSource } from "./mailbox/event-source.ts";
import { FifoQueue, type QueueHooks } from "./mailbox/fifo-queue.ts";
import { StandardQueue } from "./mailbox/standard-queue.ts";
import type { LocalOptions } from "./options.ts";
import { createRandom } from "./random.ts";
import { startSchedule } from "./schedule.ts";
import { describeShadowed } from "../../lib/aws/shadowed-routes.ts";
import { isSid, protocolOf } from "../../lib/ids.ts";
import type { AppDescription } from "../../lib/lambda.ts";
import type { FunctionSpec, Topology } from "./topology.ts";

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
  readonly pools = new Map<string, Pool>();
  readonly queues = new Map<string, FifoQueue>();
  readonly counters = new Counters();
  bundles: Bundles;
  disconnectEventsLost = false;
  readonly events: EventStream;
  readonly switches: Switchboard;
  #options: LocalOptions;
  #faults: Faults;
  #publicDir: string | undefined;
  #path: string;
  readonly #gatewayUrl: string;
  #eventSources: EventSource[] = [];
  #stopSchedules: (() => void)[] = [];
  #random: () => number;
  #log: (line: string) => void;
  #asynchronous: AsynchronousInvocations;
  readonly #lostVariables = new LostVariables();
  #guard: Guard | undefined;
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
    this.bundles = bundles;
    this.#options = options;
    this.#faults = options.faults ?? {};
    this.#publicDir = publicDir;
    this.#random = createRandom((options.seed ?? 1) + 1);
    this.#log = options.log ?? ((line) => process.stderr.write(`${line}\n`));
    this.#asynchronous = new AsynchronousInvocations(options.redeliverAfterMs ?? 250, this.#log);
    this.#guard = options.freeze === true ? startGuard(bundles.guardFile) : undefined;
    for (const spec of topology.functions) this.pools.set(spec.key, this.#createPool(spec, endpoints));
    for (const spec of topology.queues) {
      const hooks: QueueHooks = {
        nowMs: Date.now,
        onReady: () => this.#pump(queue),
        onSent: (message) => {
          if (events.listening) events.tell(toSent(message, spec.name, events.cause));
        },
        onDeadLetter: ({ body, group, deduplicationId, messageId }) => {
          this.counters.deadLetters += 1;
          if (events.listening) events.tell({ type: "letter.dead", letter: messageId, queue: spec.name });
          this.#log(`a message of group ${group.id} went to the dead letters of ${spec.name}`);
          const deadLetters = this.queues.get(spec.deadLetterQueue ?? "");
          deadLetters?.send({ body, groupId: group.id, deduplicationId });
        },
      };
      const queue =
        spec.isStandard === true ? new StandardQueue(spec, hooks, this.#faults) : new FifoQueue(spec, hooks);
      this.queues.set(spec.name, queue);
    }
    this.#createEventSources();
    this.webSocketApi = this.#createWebSocketApi();
  }

  attach(gateway: Server, awsEndpoint: Server, inspect: GatewayOptions["inspect"]): void {
    const { events } = this;
    const onAnswer = (post: AnsweredPost) => events.tell(toPost(post));
    attachGateway(gateway, {
      ...this.#createRoutes(gateway),
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
      queues: { find: (name) => this.#findQueueOfFunctions(name) },
      invoke: (name, event) => this.#findByName(name)?.invoke(event, "asynchronous"),
      invokeLater: (name, event) => this.#invokeLater(name, event),
      events: this.events,
    });
  }

  /** Resolves when every function has its warm instances; schedules have fired once by then. */
  async start(): Promise<void> {
    try {
      await Promise.all(this.#poolsOfAll().map(async (pool) => this.#isAsked(pool) && pool.warm()));
      if (this.#app?.hasHttp === true) await this.#poolOfRoutes?.warm();
    } catch (error) {
      const { stack = String(error) } = error as Error;
      throw new LocalError(`expected ${this.#options.app} to load in a function, got ${stack}`);
    }
    this.#takePath();
    for (const { functionKey, everySeconds } of this.topology.schedules) {
      const event = { source: "aws.scheduler", "detail-type": "Scheduled Event" };
      this.#stopSchedules.push(
        startSchedule(everySeconds, () => void this.#runScheduled(functionKey, event)),
      );
    }
  }

  /** SIGKILL to one instance; false when there is none of that pid. */
  kill(pid: number): boolean {
    for (const pool of this.pools.values()) {
      const instance = pool.list().find((one) => one.pid === pid);
      if (instance === undefined) continue;
      pool.kill(instance);
      return true;
    }
    return false;
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
    const sources = this.topology.eventSources.map(({ queueName }) => this.queues.get(queueName)?.size ?? 0);
    return !busy && this.#asynchronous.pending === 0 && sources.every((size) => size === 0);
  }

  async reload(bundles: Bundles): Promise<void> {
    this.bundles = bundles;
    this.#lostVariables.forget();
    await Promise.all(
      this.#poolsOfAll().map((pool) => pool.reload(codeOf(bundles, pool.spec), this.#isAsked(pool))),
    );
    if (this.#app?.hasHttp === true) {
      await this.#poolOfRoutes?.reload(codeOf(bundles, this.#poolOfRoutes.spec));
    }
    this.#takePath();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#asynchronous.stop();
    for (const stopSchedule of this.#stopSchedules) stopSchedule();
    for (const eventSource of this.#eventSources) eventSource.stop();
    for (const queue of this.queues.values()) queue.stop();
    this.webSocketApi.stop();
    await Promise.all([...this.pools.values()].map((pool) => pool.stop()));
    await this.#guard?.stop();
  }

  /** Of the functions that every app has. */
  #poolsOfAll(): readonly Pool[] {
    return [...this.pools.values()].filter((pool) => pool !== this.#poolOfRoutes);
  }

  /** Whether anything but other functions invokes it. What they invoke may never be needed, and starts when it is. */
  #isAsked({ spec: { key } }: Pool): boolean {
    const { authorizer, routes, eventSources, schedules, httpFunctionKey } = this.topology;
    const asking = [authorizer, ...Object.values(routes), ...eventSources, ...schedules];
    return (
      key === httpFunctionKey || asking.some((one) => one && "functionKey" in one && one.functionKey === key)
    );
  }

  get #poolOfRoutes(): Pool | undefined {
    return this.pools.get(this.topology.routesFunctionKey ?? "");
  }

  get #app(): AppDescription | undefined {
    return this.#poolsOfAll().find(({ app }) => app !== undefined)?.app;
  }

  /** An app that names its path is served there, unless somebody says where to serve it. */
  #takePath(): void {
    const path = this.#app?.path ?? this.#path;
    const given = this.#options.path ?? this.#options.env?.["NONSTICKY_PATH"];
    if (path !== this.#path && given !== undefined) {
      throw new LocalError(
        `expected the path of the stage to be the app's own, new Server({ path: "${path}" }), got ${given}`,
      );
    }
    this.#path = path;
    const { shadowed = [] } = this.#app ?? {};
    if (shadowed.length > 0) this.#log(describeShadowed(shadowed, path));
  }

  #createPool(spec: FunctionSpec, endpoints: Endpoints): Pool {
    const { topology, bundles } = this;
    const { instances = 1, antiAffinity = false, env = {} } = this.#options;
    const [minMs, maxMs] = this.#options.coldStartMs ?? [0, 0];
    const maxInstances = this.#options.maxInstances ?? 16;
    const watched = this.#options.watch === true ? { NONSTICKY_LOCAL_WATCH: JSON.stringify(ownFolders) } : {};
    const inspected = this.#options.inspector === true ? { NONSTICKY_LOCAL_INSPECTOR: "true" } : {};
    const settings = { NONSTICKY_PATH: this.#path, NONSTICKY_POLL_CAPACITY: String(maxInstances) };
    const scheduled = topology.schedules.some(({ functionKey }) => functionKey === spec.key);
    const isHttp = topology.httpFunctionKey === spec.key;
    const seed = (this.#options.seed ?? 1) + topology.functions.indexOf(spec) * 1000;
    const random = createRandom(seed);
    const decideFate = createChaos(() => this.switches.now.chaos, seed);
    return new Pool({
      spec,
      code: codeOf(bundles, spec),
      environment: createEnvironment(spec, topology, endpoints, {
        ...settings,
        ...watched,
        ...inspected,
        ...env,
      }),
      // Runs of a schedule seldom overlap: the second process starts when they do.
      // A parked GET holds one, and the POST that it waits for needs another.
      instances: scheduled ? 1 : Math.max(instances, antiAffinity || isHttp ? 2 : 1),
      maxInstances,
      clockSkewMs: scheduled ? 0 : (this.#options.clockSkewMs ?? 0),
      freeze: () => this.switches.now.freeze,
      coldStartDelayMs: () => minMs + random() * (maxMs - minMs),
      fateOf: () => decideFate(!scheduled),
      onLine: (line, pid, cause) => this.#onInstanceLine(spec, line, pid, cause),
      onStart: (pid) => this.#guard?.watch(pid),
      onExit: (pid) => this.#guard?.forget(pid),
      onColdStart: () => (this.counters.coldStarts += 1),
      onKill: () => (this.counters.kills += 1),
      events: this.events,
    });
  }

  #createEventSources(): void {
    for (const spec of this.topology.eventSources) {
      const eventSource = new EventSource({
        spec,
        queue: this.#requireQueue(spec.queueName),
        pool: this.#requirePool(spec.functionKey),
        region: this.topology.region,
        antiAffinity: () => this.switches.now.antiAffinity,
        redeliverAfterMs: this.#options.redeliverAfterMs ?? 250,
        faults: this.#faults,
        onBatch: (pid, sids) => sids.forEach((sid) => this.counters.remember(sid, pid)),
        onRedelivery: () => (this.counters.redeliveries += 1),
        log: this.#log,
        events: this.events,
      });
      this.#eventSources.push(eventSource);
    }
  }

  #createWebSocketApi(): WebSocketApi {
    const { events } = this;
    const pool = (functionKey: string) => this.#requirePool(functionKey);
    const onRoute: IntegrationTargets["onRoute"] = (event) => {
      events.tell(toRoute(event));
      events.tell(toHandedOver(event));
    };
    return new WebSocketApi({
      topology: this.topology,
      connections: this.connections,
      pool,
      integrations: createIntegrations(this.topology, {
        pool,
        queue: (name) => this.#requireQueue(name),
        accepts: (sid) => this.#acceptsFor(sid),
        onInvoke: (sid, pid) => this.counters.remember(sid, pid),
        get onRoute() {
          return events.listening ? onRoute : undefined;
        },
        faults: this.#faults,
        log: this.#log,
      }),
      faults: this.#faults,
      idleTimeoutMs: this.#options.idleTimeoutMs ?? 600_000,
      maxDurationMs: this.#options.maxDurationMs ?? 7_200_000,
      allowBinaryFrames: this.#options.allowBinaryFrames ?? false,
      onOpened: (connection) => {
        if (events.listening) events.tell(toOpened(connection));
      },
      onDropped: (connection) => {
        if (events.listening) events.tell(toDropped(connection));
      },
      onClosed: (connection, cause) => {
        if (events.listening) events.tell(toClosed(connection, cause));
      },
      disconnectEventsLost: () => this.disconnectEventsLost,
      log: this.#log,
    });
  }

  /** Which paths are the clients', and what answers there and elsewhere; an app may change it when it is reloaded. */
  #createRoutes(gateway: Server): Pick<GatewayOptions, "path" | "httpApi" | "routes"> {
    const { events } = this;
    const { httpFunctionKey, stage } = this.topology;
    const onAnswer = (answered: AnsweredRequest) => events.tell(toRequest(answered));
    const create = (routeKey: string, pool: Pool): HttpApiOptions => ({
      stage,
      routeKey,
      domainName: () => `127.0.0.1:${(gateway.address() as AddressInfo).port}`,
      pool,
      accepts: (sid) => this.#acceptsFor(sid),
      onInvoke: (sid, pid) => this.counters.remember(sid, pid),
      get onAnswer() {
        return events.listening ? onAnswer : undefined;
      },
      log: this.#log,
    });
    const pool = this.#poolOfRoutes;
    const routes = pool && create("$default", pool);
    return {
      httpApi:
        httpFunctionKey === undefined
          ? undefined
          : create("ANY /socket.io/{proxy+}", this.#requirePool(httpFunctionKey)),
      path: () => this.#path,
      routes: () => (this.#app?.hasHttp === true ? routes : undefined),
    };
  }

  #onSwitch(now: Switches, before: Switches): void {
    if (now.freeze && this.#guard === undefined) {
      this.#guard = startGuard(this.bundles.guardFile);
      for (const pool of this.pools.values()) for (const { pid } of pool.list()) this.#guard.watch(pid);
    }
    for (const pool of this.pools.values()) {
      if (before.freeze && !now.freeze) pool.thaw();
      pool.match();
    }
    for (const eventSource of this.#eventSources) eventSource.pump();
    if (this.events.listening) this.events.tell({ type: "switches", ...now });
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

  #pump(queue: FifoQueue): void {
    for (const [index, { queueName }] of this.topology.eventSources.entries()) {
      if (queueName === queue.spec.name) this.#eventSources[index]?.pump();
    }
  }

  #acceptsFor(sid: string | undefined): Accepts | undefined {
    if (sid === undefined || !this.switches.now.antiAffinity) return undefined;
    return (pid) => !this.counters.wasLast(sid, pid);
  }

  #invokeLater(name: string, event: unknown): boolean {
    const pool = this.#findByName(name);
    if (pool !== undefined) this.#asynchronous.accept(pool, event, this.#tellInvoked(event));
    return pool !== undefined;
  }

  async #runScheduled(functionKey: string, event: unknown): Promise<void> {
    const outcome: InvocationOutcome = await this.#requirePool(functionKey).invoke(event, "schedule");
    if (outcome.kind !== "answered" && !this.#stopped) {
      this.#log(`scheduled ${functionKey} ${outcome.kind}: ${outcome.message}`);
    }
  }

  #onInstanceLine({ key }: FunctionSpec, line: string, pid: number, cause: string | undefined): void {
    for (const one of this.#lostVariables.take(line)) {
      if (this.events.listening) this.events.tell(toLog(one, { function: key, pid }, cause));
      if (this.#options.log !== undefined) this.#options.log(`[${key}] ${one}`);
      else if (!/^\{"level":"(debug|info)"/.test(one)) this.#log(`[${key}] ${one}`);
    }
  }

  #findQueueOfFunctions(name: string): FifoQueue | undefined {
    const queue = this.#faults.missingQueue === true ? undefined : this.queues.get(name);
    return queue !== undefined && this.#faults.lockedGroups === true ? withLockedGroups(queue) : queue;
  }

  #findByName(name: string): Pool | undefined {
    return [...this.pools.values()].find(({ spec }) => spec.name === name);
  }

  #requirePool(functionKey: string): Pool {
    const pool = this.pools.get(functionKey);
    if (pool === undefined) throw new LocalError(`expected a function ${functionKey} in the stack, got none`);
    return pool;
  }

  #requireQueue(name: string): FifoQueue {
    const queue = this.queues.get(name);
    if (queue === undefined) throw new LocalError(`expected a queue ${name} in the stack, got none`);
    return queue;
  }
}

function codeOf(bundles: Bundles, { key }: FunctionSpec) {
  const code = bundles.code.get(key);
  if (code === undefined) throw new LocalError(`expected a bundle of ${key}, got none`);
  return code;
}
