import { CoreError } from "../engine/errors.ts";
import { currentContext } from "../engine/turn.ts";
import type { MatchFunction } from "./packets/packet-ports.ts";

/** Namespaces that were only met, or named in handlers, and can be made again at any time. */
const MAX_MET = 1_000;

interface Registered<Self> {
  /** The dynamic namespace that this is a child of. */
  readonly parent: Self | undefined;
  adopt(parent: Self): void;
}

interface Pattern {
  readonly name: string;
  readonly match: RegExp | MatchFunction;
}

interface Surroundings<Nsp, Parent> {
  create(name: string): Nsp;
  createParent(name: string, match: RegExp | MatchFunction): Parent;
  /** Whether the app's module is through, and packets run. */
  isServed(): boolean;
  /** Called with every namespace made, on this instance, except for parents. */
  onNew(nsp: Nsp): void;
}

/**
 * The namespaces that this instance knows. Those that the app's module names are there for good. The children of
 * dynamic ones are virtual: every instance makes one when it first meets it, and forgets those it has long not met.
 */
export class Namespaces<Nsp extends Registered<Nsp>, Parent extends Nsp & Pattern> {
  readonly #surroundings: Surroundings<Nsp, Parent>;
  readonly #fixed = new Map<string, Nsp>();
  /** Least recently used first. */
  readonly #met = new Map<string, Nsp>();
  readonly #parents: Parent[] = [];

  constructor(surroundings: Surroundings<Nsp, Parent>) {
    this.#surroundings = surroundings;
  }

  /** The namespace of that name, made on first use. One that fits a regular expression is a child of its parent. */
  of(name: string): Nsp {
    const known = this.#lookUp(name);
    if (known) return known;
    const parent = this.#parents.find((one) => fits(one, name) === true);
    return this.#create(name, parent, this.#surroundings.isServed() ? this.#met : this.#fixed);
  }

  /**
   * Parents are numbered in the order of the app's module, which is the same on every instance. Throws
   * `core.stateful_expression`, `core.registration_in_handler`.
   */
  addParent(match: RegExp | MatchFunction): Parent {
    requirePattern(match);
    const name = `/_${this.#parents.length}`;
    const parent = this.#surroundings.createParent(name, match);
    this.#parents.push(parent);
    return parent;
  }

  /**
   * Of a socket that has connected, here or elsewhere. `parentName` is what its row says; a later deploy may number
   * parents anew, so an expression that fits will do instead. Undefined: no longer in the app.
   */
  find(name: string, parentName?: string): Nsp | undefined {
    const known = this.#lookUp(name);
    if (this.#fixed.has(name) || (known && parentName === undefined)) return known;
    const parent =
      this.#parents.find((one) => one.name === parentName && fits(one, name) !== false) ??
      this.#parents.find((one) => fits(one, name) === true);
    if (parent === undefined || known?.parent === parent) return known;
    if (known === undefined || known.parent !== undefined) return this.#create(name, parent, this.#met);
    // It was named in a handler before a socket of it was met.
    known.adopt(parent);
    return known;
  }

  /**
   * For a client that asks for it: parents are asked in the order of their registration, the first that agrees makes
   * the child. They are asked every time, for no instance knows whether the child exists already.
   */
  async connectTo(name: string, ask: (match: MatchFunction) => Promise<boolean>): Promise<Nsp | undefined> {
    const fixed = this.#fixed.get(name);
    if (fixed) return fixed;
    for (const parent of this.#parents) {
      const { match } = parent;
      const agrees = match instanceof RegExp ? match.test(name) : await ask(match);
      if (agrees) return this.find(name, parent.name);
    }
    const known = this.#lookUp(name);
    return known?.parent === undefined ? known : undefined;
  }

  /** Those that are there for good, and the dynamic ones. */
  get names(): { readonly named: readonly string[]; readonly dynamic: readonly string[] } {
    return { named: [...this.#fixed.keys()], dynamic: this.#parents.map(({ name }) => name) };
  }

  /** Whether there is such a one among those that this instance has. */
  some(test: (nsp: Nsp) => boolean): boolean {
    return [...this.#fixed.values(), ...this.#met.values()].some(test);
  }

  #lookUp(name: string): Nsp | undefined {
    const fixed = this.#fixed.get(name);
    if (fixed) return fixed;
    const met = this.#met.get(name);
    if (met === undefined) return undefined;
    this.#met.delete(name);
    this.#met.set(name, met);
    return met;
  }

  #create(name: string, parent: Parent | undefined, place: Map<string, Nsp>): Nsp {
    const created = this.#surroundings.create(name);
    if (parent) created.adopt(parent);
    place.set(name, created);
    const [oldest] = this.#met.keys();
    if (oldest !== undefined && this.#met.size > MAX_MET) this.#met.delete(oldest);
    if (name !== "/") this.#surroundings.onNew(created);
    return created;
  }
}

/** Undefined: that is for its function to say. */
const fits = ({ match }: Pattern, name: string): boolean | undefined =>
  match instanceof RegExp ? match.test(name) : undefined;

function requirePattern(match: RegExp | MatchFunction): void {
  if (match instanceof RegExp && (match.global || match.sticky)) {
    throw new CoreError(
      "core.stateful_expression",
      `expected an expression without the flags g and y, which remember where they were, got ${String(match)}`,
    );
  }
  const turn = currentContext()?.turn;
  if (turn === undefined) return;
  throw new CoreError(
    "core.registration_in_handler",
    `expected dynamic namespaces to be defined where the app's module is loaded, got io.of(${String(match)}) inside ` +
      `${turn.label}; no other instance would know it`,
    { evidence: { turn: turn.label } },
  );
}
