import { randomUUID } from "node:crypto";
import type { AppDescription } from "../../../lib/lambda.ts";
import { nowMs, type EventStream } from "../inspector/event-stream.ts";
import type { InstanceState, InvocationKind } from "../inspector/inspector-events.ts";
import type { FunctionSpec } from "../topology.ts";
import type { Fate } from "./chaos.ts";
import { Instance, type FunctionCode, type InvocationOutcome } from "./instance.ts";
import { Scaling } from "./scaling.ts";

export interface PoolOptions {
  readonly spec: FunctionSpec;
  readonly code: FunctionCode;
  readonly environment: Readonly<Record<string, string>>;
  /** Kept warm. */
  readonly instances: number;
  readonly maxInstances: number;
  readonly freeze: () => boolean;
  /** How far the clock of every second instance is off. */
  readonly clockSkewMs: number;
  /** Extra delay of a new instance before its first event. */
  readonly coldStartDelayMs: () => number;
  readonly fateOf: () => Fate;
  readonly onLine: (line: string, pid: number, cause: string | undefined) => void;
  /** Before its function is loaded. */
  readonly onStart: (pid: number) => void;
  readonly onExit: (pid: number) => void;
  readonly onColdStart: () => void;
  readonly onKill: () => void;
  readonly events: EventStream;
}

export interface Run {
  /** Its id. */
  readonly invocation: string;
  readonly kind: InvocationKind;
  /** How many are in the event. */
  readonly packets: number;
}

/** Whether this caller may have that process. */
export type Accepts = (pid: number) => boolean;

interface Waiter {
  readonly sinceMs: number;
  readonly accepts: Accepts | undefined;
  readonly resolve: (instance: Instance) => void;
  readonly reject: (error: Error) => void;
}

const RETIRE_IDLE_AFTER_MS = 15_000;

/**
 * The instances of one function. Of those that are kept warm the one that has been idle longest serves next, so that
 * consecutive events of a session meet different processes even without anti-affinity. The others serve while these are busy,
 * the oldest first: what a burst has left over is not warmed up one by one, and ends when it is not needed.
 */
export class Pool {
  readonly spec: FunctionSpec;
  /** What the instance that was loaded last says of the app in it. */
  app: AppDescription | undefined;
  invocations = 0;
  running = 0;
  #options: PoolOptions;
  #code: FunctionCode;
  #instances = new Set<Instance>();
  #idle: Instance[] = [];
  #waiters: Waiter[] = [];
  #starting = 0;
  #started = 0;
  #scaling: Scaling;
  #retireTimer: NodeJS.Timeout;
  #outdated = new WeakSet<Instance>();
  #stopped = false;

  constructor(options: PoolOptions) {
    this.#options = options;
    this.#code = options.code;
    this.spec = options.spec;
    this.#scaling = new Scaling(
      () => this.#waiters[0]?.sinceMs,
      () => {
        const full = this.#instances.size >= options.maxInstances;
        if (this.#starting === 0 && !full && !this.#stopped) this.#startForWaiters();
      },
    );
    this.#retireTimer = setInterval(() => this.#retireIdle(), RETIRE_IDLE_AFTER_MS / 3).unref();
  }

  list(): readonly Instance[] {
    return [...this.#instances];
  }

  /** Resolves when the warm instances are loaded; rejects with what the function's module threw. */
  async warm(): Promise<void> {
    const missing = Math.max(0, this.#options.instances - this.#instances.size - this.#starting);
    await Promise.all(Array.from({ length: missing }, () => this.#start()));
  }

  /** An idle instance, marked busy. MUST be given back with `run` or `release`. */
  acquire(accepts?: Accepts): Promise<Instance> {
    if (this.#stopped) return Promise.reject(new Error("the runtime is stopping"));
    const instance = this.#takeIdle(accepts);
    if (instance !== undefined) return Promise.resolve(instance);
    return new Promise((resolve, reject) => {
      this.#waiters.push({ sinceMs: performance.now(), accepts, resolve, reject });
      this.#scaling.watch();
    });
  }

  release(instance: Instance): void {
    if (!instance.alive || !instance.busy) return;
    instance.busy = false;
    instance.idleSinceMs = Date.now();
    if (this.#outdated.has(instance)) return this.#kill(instance, "its code has changed");
    instance.freeze();
    if (instance.frozen) this.#tell(instance, "frozen");
    this.#idle.push(instance);
    this.match();
  }

  /** Runs an event on an acquired instance and gives it back. Never rejects. */
  async run(instance: Instance, event: unknown, run: Run): Promise<InvocationOutcome> {
    const { invocation, kind, packets } = run;
    const { events } = this.#options;
    const startedMs = nowMs();
    const traced = events.takesTrace(packets);
    if (events.listening) {
      const { pid, invocations } = instance;
      const about = { function: this.spec.key, pid, cold: invocations === 0, traced };
      events.tell({ type: "invocation", invocation, kind, ...about }, startedMs);
    }
    this.invocations += 1;
    this.running += 1;
    const fate = this.#options.fateOf();
    const killTimer =
      fate?.kind === "during" ? setTimeout(() => this.kill(instance), fate.afterMs) : undefined;
    const outcome = await instance.invoke(event, invocation, traced);
    if (events.listening) {
      const told = { outcome: outcome.kind, ms: Math.round((nowMs() - startedMs) * 100) / 100 };
      const message = outcome.kind === "answered" ? {} : { message: outcome.message };
      events.tell({ type: "invocation.ended", invocation, pid: instance.pid, ...told, ...message });
    }
    clearTimeout(killTimer);
    this.running -= 1;
    if (fate?.kind === "after" && instance.alive) this.kill(instance);
    else this.release(instance);
    return outcome;
  }

  /** Acquires an instance, runs the event on it and gives it back. Never rejects. */
  async invoke(
    event: unknown,
    kind: InvocationKind,
    accepts?: Accepts,
    onAcquired?: (pid: number, invocation: string) => void,
  ): Promise<InvocationOutcome> {
    let instance: Instance;
    try {
      instance = await this.acquire(accepts);
    } catch (error) {
      return { kind: "crashed", message: error instanceof Error ? error.message : String(error) };
    }
    const invocation = randomUUID();
    onAcquired?.(instance.pid, invocation);
    return this.run(instance, event, { invocation, kind, packets: 1 });
  }

  /** Gives idle instances to those who wait for one; called when what they accept has changed. */
  match(): void {
    for (let index = 0; index < this.#waiters.length && this.#idle.length > 0;) {
      const waiter = this.#waiters[index] as Waiter;
      const instance = this.#takeIdle(waiter.accepts);
      if (instance === undefined) {
        index += 1;
        continue;
      }
      this.#waiters.splice(index, 1);
      waiter.resolve(instance);
    }
    if (this.#waiters.length > 0) this.#scaling.watch();
  }

  /** None stays frozen that is not to be. */
  thaw(): void {
    for (const instance of this.#idle.filter(({ frozen }) => frozen)) {
      instance.thaw();
      this.#tell(instance, "idle");
    }
  }

  kill(instance: Instance): void {
    this.#options.onKill();
    this.#kill(instance, "signal: killed");
  }

  /**
   * From now on events run the new code; an instance that is busy ends after its event. Rejects, with all as it was,
   * when the new code cannot be loaded.
   */
  async reload(code: FunctionCode, isWarm = true): Promise<void> {
    const previous = this.#code;
    const old = [...this.#instances];
    this.#code = code;
    try {
      const length = isWarm ? this.#options.instances : 0;
      await Promise.all(Array.from({ length }, () => this.#start()));
    } catch (error) {
      this.#code = previous;
      throw error;
    }
    for (const instance of old) {
      this.#outdated.add(instance);
      if (!instance.busy) this.#kill(instance, "its code has changed");
    }
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    clearInterval(this.#retireTimer);
    this.#scaling.stop();
    for (const waiter of this.#waiters.splice(0)) waiter.reject(new Error("the runtime is stopping"));
    const ended = [...this.#instances].map((instance) => instance.ended());
    for (const instance of this.#instances) instance.kill("the runtime is stopping");
    await Promise.all(ended);
  }

  #kill(instance: Instance, reason: string): void {
    this.#idle = this.#idle.filter((other) => other !== instance);
    instance.kill(reason);
  }

  #takeIdle(accepts: Accepts | undefined): Instance | undefined {
    const idle = accepts === undefined ? this.#idle : this.#idle.filter(({ pid }) => accepts(pid));
    if (idle.length === 0) return undefined;
    // In the order in which they were started.
    const all = [...this.#instances];
    const warm = all.slice(0, this.#options.instances);
    const instance = idle.find((one) => warm.includes(one)) ?? all.find((one) => idle.includes(one));
    if (instance === undefined) return undefined;
    this.#idle.splice(this.#idle.indexOf(instance), 1);
    instance.busy = true;
    return instance;
  }

  async #start(): Promise<void> {
    if (this.#stopped) return;
    this.#starting += 1;
    const { spec, freeze, clockSkewMs, onLine, events } = this.#options;
    this.#started += 1;
    const environment =
      clockSkewMs === 0 || this.#started % 2 === 0
        ? this.#options.environment
        : { ...this.#options.environment, NONSTICKY_LOCAL_CLOCK_SKEW_MS: String(clockSkewMs) };
    const instance = new Instance({
      spec,
      code: this.#code,
      environment,
      freeze,
      onLine: (line, _, cause) => onLine(line, instance.pid, cause),
      onPackets: (invocation, runs) => {
        if (!events.listening) return;
        for (const run of runs) events.tell({ type: "packet", invocation, pid: instance.pid, ...run });
      },
      onExit: (ended) => this.#onExit(ended),
    });
    this.#tell(instance, "starting");
    instance.busy = true;
    this.#instances.add(instance);
    this.#options.onStart(instance.pid);
    try {
      this.app = (await instance.loaded) ?? this.app;
      const delayMs = this.#options.coldStartDelayMs();
      if (delayMs > 0) await new Promise((resolve) => setTimeout(resolve, delayMs));
      this.#options.onColdStart();
      this.#tell(instance, "idle");
    } finally {
      this.#starting -= 1;
    }
    this.release(instance);
  }

  #onExit(instance: Instance): void {
    this.#options.onExit(instance.pid);
    this.#tell(instance, "ended", instance.endReason);
    this.#instances.delete(instance);
    this.#idle = this.#idle.filter((other) => other !== instance);
    if (this.#stopped || this.#outdated.has(instance) || !instance.wasLoaded) return;
    if (this.#instances.size < this.#options.instances) this.#startForWaiters();
  }

  /** A start that fails takes one waiter with it, as an invocation on Lambda fails when its initialisation does. */
  #startForWaiters(): void {
    this.#start().catch((error: unknown) => {
      const cause = error instanceof Error ? error : new Error(String(error));
      this.#options.onLine(`${this.spec.key} did not start: ${cause.message}`, 0, undefined);
      this.#waiters.shift()?.reject(cause);
    });
  }

  #tell({ pid }: Instance, state: InstanceState, reason?: string): void {
    const { events, spec } = this.#options;
    if (!events.listening) return;
    const why = reason === undefined ? {} : { reason };
    events.tell({ type: "instance", pid, function: spec.key, state, ...why });
  }

  #retireIdle(): void {
    const before = Date.now() - RETIRE_IDLE_AFTER_MS;
    const spare = this.#instances.size - this.#options.instances;
    for (const instance of this.#idle
      .filter(({ idleSinceMs }) => idleSinceMs < before)
      .slice(0, Math.max(0, spare))) {
      this.#kill(instance, "it was idle");
    }
  }
}
