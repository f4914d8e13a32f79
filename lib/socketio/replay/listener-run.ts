import { currentContext } from "../../engine/turn.ts";
import type { RunCheck } from "./replay-check.ts";

/**
 * One run of one listener of the app, live or replayed. What the live run learnt from the library (an answer of the
 * client, the sockets of a room) is kept by the order in which it was asked for, and given to every replay instead of
 * being asked for again.
 */
export class ListenerRun {
  /** What the live run learnt, packed, by the key under which it was asked for. */
  readonly results: Map<string, string>;
  /** Compares what this run does with the live run; only the connection listener is compared. */
  readonly check: RunCheck | undefined;
  /** Whether what is learnt is stored at once: of a connection listener, which every later packet replays. */
  readonly isStored: boolean;
  /** `once` registrations that this run has used up. */
  readonly spent: string[];
  /** The run of the whole event, of which this is one listener's; itself, if it is not. */
  readonly whole: ListenerRun;
  /** Of the run of a whole event: which of its listeners have registered or removed handlers. */
  readonly registrants: Set<number>;
  readonly #listener: number;
  readonly #prefix: string;
  readonly #store: (key: string) => Promise<void>;
  readonly #find: (key: string) => Promise<string | undefined>;
  #asked = 0;

  constructor(
    options: {
      readonly results?: Iterable<readonly [string, string]>;
      readonly check?: RunCheck | undefined;
      /** Called in a live run: makes a result outlive this instance, before the listener goes on with it. */
      readonly store?: (key: string) => Promise<void>;
      /** Called in a replay: waits for a result that the live run, on another instance, has not had yet. */
      readonly find?: (key: string) => Promise<string | undefined>;
      readonly partOf?: { readonly whole: ListenerRun; readonly listener: number };
    } = {},
  ) {
    const { partOf } = options;
    this.whole = partOf?.whole ?? this;
    this.results = partOf?.whole.results ?? new Map(options.results);
    this.spent = partOf?.whole.spent ?? [];
    this.registrants = partOf?.whole.registrants ?? new Set();
    this.#listener = partOf?.listener ?? 0;
    this.#prefix = partOf ? `${partOf.listener}.` : "";
    this.check = options.check;
    this.isStored = options.store !== undefined;
    this.#store = options.store ?? (() => Promise.resolve());
    this.#find = options.find ?? (() => Promise.resolve(undefined));
  }

  /** The run of one listener of the event: several run at once, and each counts what it asks for by itself. */
  part(listener: number): ListenerRun {
    return new ListenerRun({ partOf: { whole: this, listener } });
  }

  noteRegistration(): void {
    this.registrants.add(this.#listener);
  }

  /** Of the next thing that the listener asks the library for. */
  nextKey(): string {
    return `${this.#prefix}${this.#asked++}`;
  }

  get hasAsked(): boolean {
    return this.#asked > 0;
  }

  async keep(key: string, packed: string): Promise<void> {
    this.results.set(key, packed);
    await this.#store(key);
  }

  /** Undefined when the live run never had it, as far as can be known in time. */
  async recall(key: string): Promise<string | undefined> {
    return this.results.get(key) ?? this.#find(key);
  }
}

/** The listener whose run the running code belongs to, where what it learns is kept for replays. */
export function currentRun(): ListenerRun | undefined {
  const run = currentContext()?.run;
  return run instanceof ListenerRun ? run : undefined;
}
