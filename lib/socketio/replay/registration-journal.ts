import { createOffset } from "../../ids.ts";
import { CoreError } from "../../engine/errors.ts";
import type { ListenerRun } from "./listener-run.ts";
import { pack, unpack } from "./packed-value.ts";

const MAX_ENTRIES = 16;
const MAX_BYTES = 16 * 1024;

/** What listeners are called with. */
export interface Call {
  readonly event: string;
  /** Without the acknowledgement. */
  readonly args: readonly unknown[];
  readonly wantsAck: boolean;
}

/** An event while its handlers run. */
export interface HandledEvent {
  /** As the client sent it: for catch-all listeners. */
  readonly sent: Call;
  /** As the event middlewares have let it through to its handlers; undefined if they have not. */
  passed: Call | undefined;
}

/** An event whose handler has registered or removed handlers: run again, inertly, before every later packet. */
export interface JournalEntry extends HandledEvent {
  /** What its live run learnt from the library. */
  readonly results: ReadonlyMap<string, string>;
  /** `once` registrations that it used up, and which must be run with it once more. */
  readonly spent: readonly string[];
  /**
   * Which of its listeners did so, by their place among all that it was given to; the others have nothing to bind.
   * Undefined in entries of older versions, where nobody knows.
   */
  readonly registrants: ReadonlySet<number> | undefined;
}

/**
 * The events of a socket which changed its handlers: `on("login", () => socket.on("move", …))`. Kept with the socket,
 * in the order in which they happened; two handlers at once add entries of their own.
 */
export class Journal {
  readonly #stored: Map<string, string>;
  readonly #live = new Map<string, { readonly event: HandledEvent; readonly run: ListenerRun }>();

  constructor(stored: Readonly<Record<string, string>>) {
    this.#stored = new Map(Object.entries(stored));
  }

  get isEmpty(): boolean {
    return this.#stored.size + this.#live.size === 0;
  }

  list(): JournalEntry[] {
    if (this.isEmpty) return [];
    const keys = new Set([...this.#stored.keys(), ...this.#live.keys()]);
    return [...keys].toSorted().map((key) => {
      const live = this.#live.get(key);
      return live ? toEntry(live) : unpackEntry(this.#stored.get(key) ?? "");
    });
  }

  /** Throws `core.journal_full`, with the entry left out. */
  add(event: HandledEvent, run: ListenerRun, nowMs: number): void {
    const texts = this.#texts();
    const bytes = [...texts.values()].reduce((sum, text) => sum + text.length, 0);
    const more = packEntry(toEntry({ event, run })).length;
    if (texts.size < MAX_ENTRIES && bytes + more <= MAX_BYTES) {
      this.#live.set(createOffset(nowMs), { event, run });
      return;
    }
    throw new CoreError(
      "core.journal_full",
      `expected at most ${MAX_ENTRIES} events of a socket, of ${MAX_BYTES} bytes, whose handlers register or remove handlers, ` +
        `got one more in the handler of ${JSON.stringify(event.sent.event)}: register in the connection listener, and keep what ` +
        "decides in socket.data",
      { evidence: { event: event.sent.event, entries: texts.size, bytes: bytes + more } },
    );
  }

  /** Entries that the table does not have in this form. */
  changes(): Record<string, string> | undefined {
    if (this.#live.size === 0) return undefined;
    const changed = [...this.#texts()].filter(([key, text]) => this.#stored.get(key) !== text);
    return changed.length === 0 ? undefined : Object.fromEntries(changed);
  }

  markStored(changes: Readonly<Record<string, string>>): void {
    for (const [key, text] of Object.entries(changes)) this.#stored.set(key, text);
  }

  #texts(): Map<string, string> {
    const texts = new Map(this.#stored);
    for (const [key, live] of this.#live) texts.set(key, packEntry(toEntry(live)));
    return texts;
  }
}

const toEntry = ({ event, run }: { event: HandledEvent; run: ListenerRun }): JournalEntry => ({
  ...event,
  results: run.results,
  spent: run.spent,
  registrants: run.registrants,
});

/** Most events pass as they were sent, and are kept once. */
const packEntry = ({ sent, passed, results, spent, registrants }: JournalEntry): string =>
  pack([sent, passed === sent ? "as sent" : passed, [...results], spent, [...(registrants ?? [])]]);

function unpackEntry(text: string): JournalEntry {
  type Packed = [Call, Call | "as sent" | undefined, (readonly [string, string])[], string[], number[]?];
  const [sent, passed, results, spent, registrants] = unpack(text) as Packed;
  return {
    sent,
    passed: passed === "as sent" ? sent : passed,
    results: new Map(results),
    spent,
    registrants: registrants && new Set(registrants),
  };
}
