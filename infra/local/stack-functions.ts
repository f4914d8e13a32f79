import type { AppDescription } from "../../lib/lambda.ts";
import type { Counters } from "./counters.ts";
import { createEnvironment, type Endpoints } from "./environment.ts";
import { ownFolders } from "./installation.ts";
import type { EventStream } from "./inspector/event-stream.ts";
import type { Switchboard } from "./inspector/switchboard.ts";
import type { Switches } from "./inspector/inspector-events.ts";
import { toLog } from "./inspector/told.ts";
import type { Bundles } from "./lambda/bundler.ts";
import { createChaos } from "./lambda/chaos.ts";
import { Pool } from "./lambda/pool.ts";
import { startGuard, type Guard } from "./lambda/start-guard.ts";
import { LocalError } from "./local-error.ts";
import { LostVariables } from "./lost-variables.ts";
import type { LocalOptions } from "./options.ts";
import { createRandom } from "./random.ts";
import type { FunctionSpec, Topology } from "./topology.ts";

export interface FunctionsOptions {
  readonly topology: Topology;
  readonly options: LocalOptions;
  readonly bundles: Bundles;
  readonly endpoints: Endpoints;
  /** Where clients come, as long as the app has not named another. */
  readonly path: string;
  readonly counters: Counters;
  readonly switches: Switchboard;
  readonly events: EventStream;
  readonly log: (line: string) => void;
}

/** The functions of the stack: a pool of instances each, and the code that they run. */
export class StackFunctions {
  readonly pools = new Map<string, Pool>();
  bundles: Bundles;
  #options: FunctionsOptions;
  #guard: Guard | undefined;
  readonly #lostVariables = new LostVariables();

  constructor(options: FunctionsOptions) {
    this.#options = options;
    this.bundles = options.bundles;
    this.#guard = options.options.freeze === true ? startGuard(this.bundles.guardFile) : undefined;
    for (const spec of options.topology.functions) this.pools.set(spec.key, this.#createPool(spec));
  }

  /** What the instance that was loaded last says of the app. */
  get app(): AppDescription | undefined {
    return this.#poolsOfAll().find(({ app }) => app !== undefined)?.app;
  }

  /** Of the function that answers the app's own routes. */
  get poolOfRoutes(): Pool | undefined {
    return this.pools.get(this.#options.topology.routesFunctionKey ?? "");
  }

  require(key: string): Pool {
    const pool = this.pools.get(key);
    if (pool === undefined) throw new LocalError(`expected a function ${key} in the stack, got none`);
    return pool;
  }

  /** By its deployed name. */
  findByName(name: string): Pool | undefined {
    return [...this.pools.values()].find(({ spec }) => spec.name === name);
  }

  /** Resolves when every function that is asked has its warm instances. */
  async start(): Promise<void> {
    try {
      await Promise.all(this.#poolsOfAll().map(async (pool) => this.#isAsked(pool) && pool.warm()));
      if (this.app?.hasHttp === true) await this.poolOfRoutes?.warm();
    } catch (error) {
      const { stack = String(error) } = error as Error;
      throw new LocalError(`expected ${this.#options.options.app} to load in a function, got ${stack}`);
    }
  }

  async reload(bundles: Bundles): Promise<void> {
    this.bundles = bundles;
    this.#lostVariables.forget();
    await Promise.all(
      this.#poolsOfAll().map((pool) => pool.reload(codeOf(bundles, pool.spec), this.#isAsked(pool))),
    );
    if (this.app?.hasHttp !== true) return;
    await this.poolOfRoutes?.reload(codeOf(bundles, this.poolOfRoutes.spec));
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

  onSwitch(now: Switches, before: Switches): void {
    if (now.freeze && this.#guard === undefined) {
      this.#guard = startGuard(this.bundles.guardFile);
      for (const pool of this.pools.values()) for (const { pid } of pool.list()) this.#guard.watch(pid);
    }
    for (const pool of this.pools.values()) {
      if (before.freeze && !now.freeze) pool.thaw();
      pool.match();
    }
  }

  async stop(): Promise<void> {
    await Promise.all([...this.pools.values()].map((pool) => pool.stop()));
    await this.#guard?.stop();
  }

  /** Of the functions that every app has. */
  #poolsOfAll(): readonly Pool[] {
    return [...this.pools.values()].filter((pool) => pool !== this.poolOfRoutes);
  }

  /** Whether anything but other functions invokes it. What they invoke may never be needed, and starts when it is. */
  #isAsked({ spec: { key } }: Pool): boolean {
    const { authorizer, routes, eventSources, schedules, httpFunctionKey } = this.#options.topology;
    const asking = [authorizer, ...Object.values(routes), ...eventSources, ...schedules];
    return (
      key === httpFunctionKey || asking.some((one) => one && "functionKey" in one && one.functionKey === key)
    );
  }

  #createPool(spec: FunctionSpec): Pool {
    const { topology, options, counters, switches, events } = this.#options;
    const { instances = 1, antiAffinity = false, seed: given = 1 } = options;
    const [minMs, maxMs] = options.coldStartMs ?? [0, 0];
    const scheduled = topology.schedules.some(({ functionKey }) => functionKey === spec.key);
    const isHttp = topology.httpFunctionKey === spec.key;
    const seed = given + topology.functions.indexOf(spec) * 1000;
    const random = createRandom(seed);
    const decideFate = createChaos(() => switches.now.chaos, seed);
    return new Pool({
      spec,
      code: codeOf(this.bundles, spec),
      environment: this.#environmentOf(spec),
      // Runs of a schedule seldom overlap: the second process starts when they do.
      // A parked GET holds one, and the POST that it waits for needs another.
      instances: scheduled ? 1 : Math.max(instances, antiAffinity || isHttp ? 2 : 1),
      maxInstances: maxInstancesOf(options),
      clockSkewMs: scheduled ? 0 : (options.clockSkewMs ?? 0),
      freeze: () => switches.now.freeze,
      coldStartDelayMs: () => minMs + random() * (maxMs - minMs),
      fateOf: () => decideFate(!scheduled),
      onLine: (line, pid, cause) => this.#onLine(spec, line, pid, cause),
      onStart: (pid) => this.#guard?.watch(pid),
      onExit: (pid) => this.#guard?.forget(pid),
      onColdStart: () => (counters.coldStarts += 1),
      onKill: () => (counters.kills += 1),
      events,
    });
  }

  #environmentOf(spec: FunctionSpec): Record<string, string> {
    const { topology, options, endpoints, path } = this.#options;
    return createEnvironment(spec, topology, endpoints, {
      NONSTICKY_PATH: path,
      NONSTICKY_POLL_CAPACITY: String(maxInstancesOf(options)),
      ...(options.watch === true ? { NONSTICKY_LOCAL_WATCH: JSON.stringify(ownFolders) } : {}),
      ...(options.inspector === true ? { NONSTICKY_LOCAL_INSPECTOR: "true" } : {}),
      ...options.env,
    });
  }

  #onLine({ key }: FunctionSpec, line: string, pid: number, cause: string | undefined): void {
    const { events, options, log } = this.#options;
    for (const one of this.#lostVariables.take(line)) {
      if (events.listening) events.tell(toLog(one, { function: key, pid }, cause));
      if (options.log !== undefined) options.log(`[${key}] ${one}`);
      else if (!/^\{"level":"(debug|info)"/.test(one)) log(`[${key}] ${one}`);
    }
  }
}

const maxInstancesOf = ({ maxInstances = 16 }: LocalOptions): number => maxInstances;

function codeOf(bundles: Bundles, { key }: FunctionSpec) {
  const code = bundles.code.get(key);
  if (code === undefined) throw new LocalError(`expected a bundle of ${key}, got none`);
  return code;
}
