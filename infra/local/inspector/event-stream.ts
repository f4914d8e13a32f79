import type { Cause, InspectorEvent, Told } from "./inspector-events.ts";

/** Hears events in the order of `n`, some at a time. */
export type Listener = (events: readonly InspectorEvent[]) => void;

const MAX_EVENTS = 20_000;
/** About as many characters as the events that are kept have. */
const MAX_CHARACTERS = 12_000_000;
const CHARACTERS_OF_EVENT = 200;
/** No page draws more often. */
const FLUSH_MS = 120;
/** Packets that are looked into, in a row and then a second: nobody reads more, and looking takes time. */
const MAX_TRACES = 50;
const TRACES_PER_SECOND = 25;

export interface StreamLimits {
  readonly maxEvents?: number;
  readonly maxCharacters?: number;
}

/**
 * What the parts of the runtime tell. Who tells MUST ask `listening` first, so that nothing is built for nobody. The last
 * events are kept for who comes later or again, the older ones forgotten and counted.
 */
export class EventStream {
  /** Whether somebody hears. */
  listening = false;
  /** Of the requests that are answered just now: set and unset around synchronous code. */
  cause: Cause | undefined;
  #n = 0;
  #kept: InspectorEvent[] = [];
  #head = 0;
  #characters = 0;
  #dropped = 0;
  #pending: InspectorEvent[] = [];
  #timer: NodeJS.Timeout | undefined;
  #traces = MAX_TRACES;
  #tracesAtMs = 0;
  readonly #listeners = new Set<Listener>();
  readonly #maxEvents: number;
  readonly #maxCharacters: number;

  constructor({ maxEvents = MAX_EVENTS, maxCharacters = MAX_CHARACTERS }: StreamLimits = {}) {
    this.#maxEvents = maxEvents;
    this.#maxCharacters = maxCharacters;
  }

  /** How many events there have been. */
  get told(): number {
    return this.#n;
  }

  /** How many of them are no longer kept. */
  get dropped(): number {
    return this.#dropped;
  }

  get kept(): number {
    return this.#kept.length - this.#head;
  }

  /** @param told MUST be nobody else's: it becomes the event */
  tell(told: Told, atMs: number = nowMs()): void {
    const event = told as Told & { n: number; atMs: number };
    event.n = this.#n += 1;
    event.atMs = atMs;
    this.#kept.push(event);
    this.#characters += charactersOf(event);
    this.#forget();
    this.#pending.push(event);
    this.#timer ??= setTimeout(() => this.flush(), FLUSH_MS);
  }

  /** Whether the invocation that begins now, of so many packets, is to be looked into from inside: somebody listens, and it is not one too many. */
  takesTrace(packets = 1): boolean {
    if (!this.listening) return false;
    const now = performance.now();
    const grown = this.#traces + ((now - this.#tracesAtMs) / 1_000) * TRACES_PER_SECOND;
    this.#traces = Math.min(MAX_TRACES, grown);
    this.#tracesAtMs = now;
    if (this.#traces < 1) return false;
    this.#traces -= packets;
    return true;
  }

  /** Gives what is kept behind `n`, and from then on what comes. Returns what stops it. */
  subscribe(listener: Listener, n = 0): () => void {
    if (!this.listening && this.#n > 0) this.tell({ type: "gap" });
    // What the others get with the next flush, this one gets now.
    this.flush();
    this.#listeners.add(listener);
    this.listening = true;
    const kept = this.#kept.slice(this.#head).filter((event) => event.n > n);
    if (kept.length > 0) listener(kept);
    return () => {
      this.#listeners.delete(listener);
      this.listening = this.#listeners.size > 0;
    };
  }

  flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const events = this.#pending;
    if (events.length === 0) return;
    this.#pending = [];
    for (const listener of this.#listeners) listener(events);
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#listeners.clear();
    this.listening = false;
  }

  #forget(): void {
    while (this.kept > this.#maxEvents || (this.#characters > this.#maxCharacters && this.kept > 1)) {
      this.#characters -= charactersOf(this.#kept[this.#head] as InspectorEvent);
      this.#head += 1;
      this.#dropped += 1;
    }
    // Not for each that goes: an array is moved once for many.
    if (this.#head > 1_000 && this.#head * 2 > this.#kept.length) {
      this.#kept = this.#kept.slice(this.#head);
      this.#head = 0;
    }
  }
}

/** By the clock that does not jump, on the epoch's scale. */
export const nowMs = (): number => Math.round((performance.timeOrigin + performance.now()) * 100) / 100;

function charactersOf(event: InspectorEvent): number {
  switch (event.type) {
    case "letter":
    case "request":
      return event.texts.reduce((sum, text) => sum + text.length, CHARACTERS_OF_EVENT);
    case "post":
      return CHARACTERS_OF_EVENT + event.text.length;
    case "log":
      return CHARACTERS_OF_EVENT + event.message.length;
    case "table":
      return event.keys.reduce((sum, key) => sum + key.length, CHARACTERS_OF_EVENT);
    default:
      return CHARACTERS_OF_EVENT;
  }
}
