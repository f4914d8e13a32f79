import { CoreError } from "../../engine/errors.ts";
import { currentContext } from "../../engine/turn.ts";
import { MAX_DATA_BYTES, toDataBytes } from "../replay/data-budget.ts";
import type { KeptBeside, KeptPlace } from "../replay/socket-state.ts";
import { define } from "./define.ts";
import { fromTree, toTree, type Tree } from "./tree.ts";
import { IS_LIVE, Views } from "./views.ts";

/** Between the name of a listener and the name of a variable of it. */
const OF = "#";

/**
 * Variables of a socket's connection listener, kept with the socket: what its live run begins with, and what handlers make
 * of it since. A replay finds them as they are, and changes nothing of them.
 */
export class SocketVariables implements KeptBeside {
  readonly #place: KeptPlace;
  readonly #stored: Map<string, string>;
  /** By the listener. */
  readonly #scopes = new Map<string, Record<string, unknown>>();
  readonly #toldShared = new Set<unknown>();
  /** How often a run has asked for each. */
  readonly #asked = new WeakMap<object, Map<string, number>>();
  readonly #views = new Views({
    admitsWrite: (_, key, written) => {
      const isLive = currentContext()?.mode !== "replay";
      if (isLive && written !== undefined) this.#tellShared(key, written.value);
      return isLive;
    },
    onRead: () => undefined,
    onReached: () => undefined,
    titleOf: () => "variables of a listener",
  });

  constructor(place: KeptPlace) {
    this.#place = place;
    this.#stored = new Map(Object.entries(place.stored));
    place.budget.set(this, toDataBytes(this.#stored));
  }

  /**
   * The variables of one listener, in a run of it. Where it asks again for the same, it gets others: in each run they are
   * asked for in the same order.
   */
  scope(name: string, initial: Readonly<Record<string, unknown>>): object {
    const listener = this.#nameInRun(name);
    const known = this.#scopes.get(listener);
    if (known !== undefined) return this.#views.viewOf(known);
    const isReplay = currentContext()?.mode === "replay";
    const values: Record<string, unknown> = {};
    for (const [name, value] of Object.entries(initial)) {
      const text = isReplay ? this.#stored.get(`${listener}${OF}${name}`) : undefined;
      define(
        values,
        name,
        text === undefined ? this.#views.unwrap(value) : fromTree(JSON.parse(text) as Tree),
      );
    }
    this.#scopes.set(listener, values);
    return this.#views.viewOf(values);
  }

  /** What a live value has is copied, as what two have is: neither sees the other's changes. */
  #tellShared(key: unknown, value: unknown): void {
    const isOfLiveValue =
      typeof value === "object" &&
      value !== null &&
      (value as { readonly [IS_LIVE]?: true })[IS_LIVE] === true &&
      this.#views.unwrap(value) === value;
    if (!isOfLiveValue || this.#toldShared.has(key)) return;
    this.#toldShared.add(key);
    this.#place.onUnstorable(
      new CoreError(
        "core.live_shared_object",
        `expected the variable ${String(key)} of the listener to have something of its own, got an object of a live value, ` +
          "of which it has a copy from the next packet on; keep its key, and look it up in each handler",
        { evidence: { variable: String(key) } },
      ),
    );
  }

  changes():
    { readonly set: Readonly<Record<string, string>>; readonly remove: readonly string[] } | undefined {
    const set = Object.fromEntries(
      [...this.#texts()].filter(([key, text]) => this.#stored.get(key) !== text),
    );
    if (Object.keys(set).length === 0 || this.#isTooLarge(set)) return undefined;
    return { set, remove: [] };
  }

  markStored({ set }: { readonly set: Readonly<Record<string, string>> }): void {
    for (const [key, text] of Object.entries(set)) this.#stored.set(key, text);
  }

  #nameInRun(name: string): string {
    const run = currentContext()?.run;
    if (run === undefined) return name;
    const asked = this.#asked.get(run) ?? new Map<string, number>();
    this.#asked.set(run, asked);
    const count = (asked.get(name) ?? 0) + 1;
    asked.set(name, count);
    return count === 1 ? name : `${name}${OF}${count}`;
  }

  #texts(): Map<string, string> {
    const texts = new Map<string, string>();
    for (const [listener, values] of this.#scopes)
      for (const [name, value] of Object.entries(values)) {
        const text = this.#textOf(value, `the variable ${name} of ${listener}`);
        if (text !== undefined) texts.set(`${listener}${OF}${name}`, text);
      }
    return texts;
  }

  /** What cannot be stored is told, and left out. */
  #textOf(value: unknown, title: string): string | undefined {
    try {
      const { unwrap } = this.#views;
      return JSON.stringify(toTree(value, title, { unwrap, onContainer: () => undefined }));
    } catch (error) {
      if (!(error instanceof CoreError)) throw error;
      this.#place.onUnstorable(error);
      return undefined;
    }
  }

  #isTooLarge(set: Readonly<Record<string, string>>): boolean {
    const bytes = toDataBytes(new Map([...this.#stored, ...Object.entries(set)]));
    const total = this.#place.budget.totalWith(this, bytes);
    if (total <= MAX_DATA_BYTES) {
      this.#place.budget.set(this, bytes);
      return false;
    }
    this.#place.onUnstorable(
      new CoreError(
        "core.data_too_large",
        "expected what is kept with a socket, its data, its own properties and its variables, to be at most " +
          `${MAX_DATA_BYTES} bytes as JSON, got ${total}; the change of its variables is not stored`,
        { evidence: { bytes: total } },
      ),
    );
    return true;
  }
}
