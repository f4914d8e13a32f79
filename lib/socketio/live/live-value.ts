import { described } from "../../described.ts";
import { CoreError } from "../../engine/errors.ts";
import type { LiveRecord } from "../../state/live/live-store.ts";
import { requireLivePlace } from "../../state/row-limits.ts";
import { bare } from "./bare.ts";
import {
  fromKey,
  hasKey,
  keysOf,
  kindNames,
  kindOf,
  removeAt,
  requireKeys,
  setAt,
  toKey,
  valueAt,
  type Kind,
} from "./keyed.ts";
import { patch } from "./patch.ts";
import { copyOf, opened, separate } from "./separate.ts";
import { fromTree, joinPath, toTree, type Tree } from "./tree.ts";
import { isContainer, type Views } from "./views.ts";

/** A row, and what is known of it here. */
export interface Place {
  readonly value: LiveValue;
  /** Undefined: the whole value is one row. */
  readonly key: string | undefined;
  /** As the table has it, or where it has nothing the initial value does. */
  stored: Tree | undefined;
  storedRank: number | undefined;
  /** Undefined: there is no row. */
  version: string | undefined;
  /** The table may have added to it what others have. */
  isGuess: boolean;
  /** What of the changes made here was given to a commit. */
  sealed: Tree | undefined;
  sealedRank: number | undefined;
  rank: number | undefined;
}

/** The present of a row. */
export interface Present {
  readonly tree: Tree | undefined;
  /** What was written without having been read. */
  readonly assigned: ReadonlySet<string>;
}

/** What a value needs of those that it is among. */
export interface ValuePorts {
  readonly views: Views;
  readonly nowMs: () => number;
  /** Whether `target[key]` was written without having been read, since the last look. */
  isAssigned(target: object, key: unknown): boolean;
  /** A place that a container was found in. */
  own(container: object, place: Place): void;
  /** A container is in two rows, which have one each from here on. */
  onShared(first: Place, second: Place): void;
  /** Places that a container is in. */
  placesOf(container: object): readonly Place[];
}

/**
 * One live value as this instance has it: its rows, and the present that they make. What is there before the first row is
 * read is the initial value, which holds for every key that has no row.
 */
export class LiveValue {
  readonly name: string;
  readonly #kind: Kind;
  readonly #ports: ValuePorts;
  readonly #places = new Map<string | undefined, Place>();
  #root: unknown;
  #initial: ReadonlyMap<string | undefined, Tree> | undefined;
  #highestRank = 0;

  constructor(name: string, initial: unknown, ports: ValuePorts) {
    requireLivePlace({ name, key: undefined });
    this.name = name;
    this.#root = opened(initial);
    this.#kind = kindOf(initial);
    this.#ports = ports;
  }

  /** What the app sees of it. */
  get present(): unknown {
    const root = this.#root;
    if (!isContainer(root)) return root;
    if (this.#kind === "one") this.#ports.own(root, this.placeAt(undefined));
    return this.#ports.views.viewOf(root);
  }

  /** What stands for the whole. */
  get root(): unknown {
    return this.#root;
  }

  get isWhole(): boolean {
    return this.#kind === "one";
  }

  /** Before another value takes its place: the rows that this changes. Throws `core.live_kind`, `core.live_bad_key`. */
  placesFor(next: unknown): readonly Place[] {
    if (this.#kind === "one") return [this.placeAt(undefined)];
    const root = this.#ports.views.unwrap(next);
    if (!isContainer(root) || kindOf(root) !== this.#kind) {
      throw new CoreError(
        "core.live_kind",
        `expected ${this.title}, ${kindNames[this.#kind]}, to stay one, got ${described(root)}; ` +
          "begin with null, or with an object that has it in a property",
        { evidence: { name: this.name } },
      );
    }
    requireKeys(this.#kind, root, this.name);
    return [...new Set([...keysOf(this.#root), ...keysOf(root)])].map((key) => this.placeAt(key));
  }

  /** Another value takes its place. */
  replace(next: unknown): void {
    const root = opened(this.#ports.views.unwrap(next));
    this.#root = root;
    if (this.#kind === "one") return;
    let last = -Infinity;
    for (const key of keysOf(root)) {
      const place = this.placeAt(key);
      if (place.rank === undefined || place.rank <= last) place.rank = this.#nextRank();
      last = place.rank;
    }
  }

  /** The place of a key, as the app writes it. Throws `core.live_bad_key`, `state.live_key_too_long`. */
  placeOf(key: unknown): Place {
    return this.placeAt(this.#kind === "one" ? undefined : toKey(this.#kind, key, this.name));
  }

  placeAt(key: string | undefined): Place {
    const known = this.#places.get(key);
    if (known) return known;
    requireLivePlace({ name: this.name, key });
    const tree = this.#initial?.get(key);
    const place: Place = {
      value: this,
      key,
      stored: tree,
      storedRank: undefined,
      version: undefined,
      isGuess: false,
      sealed: tree,
      sealedRank: undefined,
      rank: undefined,
    };
    this.#places.set(key, place);
    return place;
  }

  /** Before a key is set, or taken away: where it will be among the others. */
  noteOrder(place: Place, isRemoved: boolean): void {
    if (isRemoved) place.rank = undefined;
    else if (!this.isThere(place)) place.rank = this.#nextRank();
  }

  isThere({ key }: Place): boolean {
    return key === undefined || hasKey(this.#root, key);
  }

  /** Takes what the module has made of it by now for the initial value. Throws `core.unserialisable`, `core.live_bad_key`. */
  settleInitial(): void {
    if (this.#initial !== undefined) return;
    requireKeys(this.#kind, this.#root, this.name);
    const initial = new Map<string | undefined, Tree>();
    this.#initial = initial;
    const keys = this.#kind === "one" ? [undefined] : keysOf(this.#root);
    for (const key of keys) {
      const place = this.placeAt(key);
      const { tree } = this.read(place);
      if (tree === undefined) continue;
      initial.set(key, tree);
      place.stored = tree;
      place.sealed = tree;
      place.rank = initial.size;
      place.sealedRank = initial.size;
      this.#highestRank = initial.size;
    }
  }

  /** Keys that are gone, and of which nothing is left to be said. */
  forget(isIdle: (place: Place) => boolean): void {
    for (const [key, place] of this.#places) {
      const isGone = place.version === undefined && place.stored === undefined && place.sealed === undefined;
      if (key !== undefined && isGone && !this.isThere(place) && isIdle(place)) this.#places.delete(key);
    }
  }

  hasInitially(key: string | undefined): boolean {
    return this.#initial?.has(key) ?? false;
  }

  /** Throws `core.unserialisable`. */
  read(place: Place): Present {
    const { key } = place;
    if (!this.isThere(place)) return { tree: undefined, assigned: NOTHING };
    const assigned = new Set<string>();
    const [parent, at] =
      this.#kind === "one" ? [this, WHOLE] : [this.#root as object, fromKey(this.#root, key)];
    if (this.#ports.isAssigned(parent, at)) assigned.add("");
    const shared = new Set<object>();
    const tree = toTree(this.#valueAt(key), this.titleOf(place), {
      unwrap: this.#ports.views.unwrap,
      onContainer: (container, path) => {
        this.#ports.own(container, place);
        const places = this.#ports.placesOf(container);
        const first = places.find((other) => other !== place && other.value.holds(other, container));
        if (first) {
          shared.add(container);
          this.#ports.onShared(first, place);
        }
        // Frozen by the app before it was put here: what stands here is open to all.
        if (!Object.isExtensible(container)) return void shared.add(container);
        bare(container, this.#ports.views.unwrap);
        for (const name of path === undefined ? [] : Object.keys(container))
          if (path && this.#ports.isAssigned(container, name)) assigned.add(joinPath([...path, name]));
      },
    });
    // What is in two places is two from here on, as it is in the table.
    if (shared.size > 0) this.#separate(key, shared);
    return { tree, assigned };
  }

  /** Whether it is in that row by now, out of which the app may have moved it. */
  holds(place: Place, container: object): boolean {
    if (!this.isThere(place)) return false;
    let isFound = false;
    const onContainer = (one: object) => {
      isFound ||= one === container;
    };
    try {
      toTree(this.#valueAt(place.key), "", { unwrap: this.#ports.views.unwrap, onContainer });
    } catch {
      // That it cannot be stored is told where it is to be.
    }
    return isFound;
  }

  /** What a handler finds there from now on. */
  write({ key }: Place, tree: Tree | undefined): void {
    if (tree === undefined) return this.#removeAt(key);
    this.#setAt(key, patch(this.#valueAt(key), fromTree(tree), textOf));
  }

  /** Puts the keys in the order of their ranks: others may have come in between. */
  reorder(): void {
    if (this.#kind === "one") return;
    const keys = keysOf(this.#root);
    const inOrder = keys.toSorted((a, b) => (this.placeAt(a).rank ?? 0) - (this.placeAt(b).rank ?? 0));
    if (keys.every((key, index) => key === inOrder[index])) return;
    const values = inOrder.map((key) => [key, this.#valueAt(key)] as const);
    for (const key of keys) this.#removeAt(key);
    for (const [key, value] of values) this.#setAt(key, value);
  }

  noteRank(rank: number | undefined): void {
    this.#highestRank = Math.max(this.#highestRank, rank ?? 0);
  }

  /** Every place that the table, or somebody here, has something to say of. */
  get places(): Iterable<Place> {
    return this.#places.values();
  }

  get title(): string {
    return `the live value ${JSON.stringify(this.name)}`;
  }

  /** As it is called where something is wrong with it: `users["ann"]`. */
  titleOf({ key }: Pick<LiveRecord, "key">): string {
    return key === undefined
      ? this.name
      : `${this.name}[${this.#kind === "record" ? JSON.stringify(key) : key}]`;
  }

  #separate(key: string | undefined, shared: ReadonlySet<object>): void {
    const { unwrap } = this.#ports.views;
    const value = unwrap(this.#valueAt(key));
    if (!isContainer(value)) return;
    if (shared.has(value)) this.#setAt(key, copyOf(value, unwrap));
    else separate(value, shared, unwrap);
  }

  #nextRank(): number {
    // Behind all that this instance has seen, whoever's clock is ahead.
    this.#highestRank = Math.max(this.#highestRank + 1, this.#ports.nowMs() * 1024);
    return this.#highestRank;
  }

  #valueAt(key: string | undefined): unknown {
    return key === undefined ? this.#root : valueAt(this.#root as object, key);
  }

  #setAt(key: string | undefined, value: unknown): void {
    if (key === undefined) this.#root = value;
    else setAt(this.#root as object, key, value);
  }

  #removeAt(key: string | undefined): void {
    if (key === undefined) this.#root = undefined;
    else removeAt(this.#root as object, key);
  }
}

/** Of the value itself, as a property of nothing. */
export const WHOLE = Symbol("whole");

const NOTHING: ReadonlySet<string> = new Set();

/** Of what cannot be stored, nothing that any other says. */
function textOf(value: unknown): string {
  try {
    return JSON.stringify(toTree(value, "", { unwrap: (one) => one, onContainer: () => undefined }));
  } catch {
    return "";
  }
}
