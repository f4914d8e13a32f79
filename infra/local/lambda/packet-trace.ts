import { AsyncLocalStorage } from "node:async_hooks";
import http from "node:http";
import { syncBuiltinESMExports } from "node:module";
import type { HandlerCall, PacketWatch } from "../../../lib/handler-watch.ts";
import { CAUSE_HEADER, markLine } from "../inspector/cause.ts";
import type { PacketRun } from "../inspector/inspector-events.ts";

/** What code that runs now belongs to. */
interface Running {
  /** As `toCause` reads it. */
  readonly cause: string;
  readonly run?: Draft;
}

type Draft = { -readonly [Name in keyof PacketRun]: PacketRun[Name] } & {
  readonly handlers: { readonly event: string; readonly atMs: number; ms: number }[];
};

const FLUSH_MS = 100;
/** Whose a stray effect is can be said for so long; then nothing goes along any more with every promise of the process. */
const REST_AFTER_MS = 5_000;
const round = (ms: number): number => Math.round(ms * 100) / 100;

/**
 * The inside of an instance, as far as somebody watches: what each packet of an invocation took, and a mark on every
 * request to the local services and on every line of the log, which says whose they are.
 */
export class PacketTrace {
  readonly #running = new AsyncLocalStorage<Running>();
  readonly #tell: (invocation: string, runs: readonly PacketRun[]) => void;
  #invocation = "";
  #indices = new Map<string, number>();
  #runs: PacketRun[] = [];
  #timer: NodeJS.Timeout | undefined;
  #resting: NodeJS.Timeout | undefined;

  constructor(tell: (invocation: string, runs: readonly PacketRun[]) => void) {
    this.#tell = tell;
  }

  /** Runs an invocation whose packets are told, before it resolves or a moment after each. */
  async during<T>(invocation: string, code: () => Promise<T>): Promise<T> {
    clearTimeout(this.#resting);
    this.#invocation = invocation;
    this.#indices.clear();
    try {
      return await this.#running.run({ cause: invocation }, code);
    } finally {
      this.#flush();
      this.#resting = setTimeout(() => this.#running.disable(), REST_AFTER_MS).unref();
    }
  }

  get cause(): string | undefined {
    return this.#running.getStore()?.cause;
  }

  beginPacket(letter: string): PacketWatch | undefined {
    if (this.#running.getStore() === undefined) return undefined;
    const index = this.#indices.get(letter) ?? 0;
    this.#indices.set(letter, index + 1);
    const invocation = this.#invocation;
    const begunMs = performance.now();
    const run: Draft = { letter, index, startedMs: toEpoch(begunMs), ms: 0, handlers: [] };
    const running: Running = { cause: `${invocation}/${letter}/${index}`, run };
    return {
      run: (code) => this.#running.run(running, code),
      end: () => {
        run.ms = round(performance.now() - begunMs);
        if (invocation !== this.#invocation) return;
        this.#runs.push(run);
        this.#timer ??= setTimeout(() => this.#flush(), FLUSH_MS).unref();
      },
    };
  }

  beginReplay(): (() => void) | undefined {
    const run = this.#running.getStore()?.run;
    if (run === undefined) return undefined;
    const begunMs = performance.now();
    return () => {
      run.replayMs = round((run.replayMs ?? 0) + performance.now() - begunMs);
    };
  }

  /** Services elsewhere are told nothing. */
  requestHeader(origin: string): string | undefined {
    const { cause } = this;
    return cause !== undefined && new URL(origin).hostname === "127.0.0.1"
      ? `${CAUSE_HEADER}: ${cause}`
      : undefined;
  }

  begin({ event }: HandlerCall): (() => void) | undefined {
    const run = this.#running.getStore()?.run;
    if (run === undefined) return undefined;
    const begunMs = performance.now();
    const handler = { event, atMs: round(toEpoch(begunMs) - run.startedMs), ms: 0 };
    run.handlers.push(handler);
    return () => {
      handler.ms = round(performance.now() - begunMs);
    };
  }

  #flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#runs.length === 0) return;
    this.#tell(this.#invocation, this.#runs);
    this.#runs = [];
  }
}

const toEpoch = (ms: number): number => round(performance.timeOrigin + ms);

/**
 * Marks requests of the AWS SDK to the ports of the local services, and to nobody else. Before the function is loaded.
 * Those that are signed by hand have their mark from `requestHeader`.
 */
export function markRequests(trace: PacketTrace, endpoints: readonly (string | undefined)[]): void {
  const ports = new Set(endpoints.flatMap((url) => (url === undefined ? [] : [new URL(url).port])));
  const { request } = http;
  const marked = (...args: unknown[]): http.ClientRequest => {
    const [options] = args;
    const { cause } = trace;
    if (cause !== undefined && isLocal(options, ports)) {
      args[0] = { ...options, headers: { ...options.headers, [CAUSE_HEADER]: cause } };
    }
    return Reflect.apply(request, http, args);
  };
  http.request = marked;
  syncBuiltinESMExports();
}

function isLocal(
  options: unknown,
  ports: ReadonlySet<string>,
): options is { readonly headers?: Readonly<Record<string, string>> } {
  if (options === null || typeof options !== "object" || options instanceof URL) return false;
  const { hostname, host, port } = options as Readonly<Record<string, unknown>>;
  return (hostname ?? host) === "127.0.0.1" && ports.has(String(port));
}

/** Marks the lines that are written while a packet runs; `readMark` takes the mark off. */
export function markLines(trace: PacketTrace, stream: NodeJS.WriteStream): void {
  const write = stream.write.bind(stream) as (...args: unknown[]) => boolean;
  let isAtStart = true;
  const marked = (...args: unknown[]): boolean => {
    const [chunk] = args;
    if (typeof chunk !== "string") return write(...args);
    const { cause } = trace;
    if (cause !== undefined) args[0] = markLine(chunk, cause, isAtStart);
    if (chunk !== "") isAtStart = chunk.endsWith("\n");
    return write(...args);
  };
  stream.write = marked;
}
