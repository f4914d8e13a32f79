import type { PacketPorts } from "./packets/packet-ports.ts";
import type { MatchFunction } from "./packets/packet-ports.ts";
import { ParentNamespace } from "./parent-namespace.ts";
import { Namespace } from "./namespace.ts";
import type { Server } from "./server.ts";
import type { EventsMap } from "./replay/typed-events.ts";

/** Namespaces that were only met, or named in handlers, and can be made again at any time. */
const MAX_MET = 1_000;

interface Surroundings<
  Listen extends EventsMap,
  Emit extends EventsMap,
  ServerSide extends EventsMap,
  SocketData,
> {
  readonly server: Server<Listen, Emit, ServerSide, SocketData>;
  readonly internals: PacketPorts;
  /** Whether the app's module is through, and packets run. */
  isServed(): boolean;
  /** Called with every namespace made, on this instance, except for parents. */
  onNew(nsp: Namespace<Listen, Emit, ServerSide, SocketData>): void;
}

/**
 * The namespaces that this instance knows. Those that the app's module names are there for good. The children of
 * dynamic ones are virtual: every instance makes one when it first meets it, and forgets those it has long not met.
 */
export class Namespaces<
  Listen extends EventsMap,
  Emit extends EventsMap,
  ServerSide extends EventsMap,
  SocketData,
> {
  readonly #surroundings: Surroundings<Listen, Emit, ServerSide, SocketData>;
  readonly #fixed = new Map<string, Namespace<Listen, Emit, ServerSide, SocketData>>();
  /** Least recently used first. */
  readonly #met = new Map<string, Namespace<Listen, Emit, ServerSide, SocketData>>();
  readonly #parents: ParentNamespace<Listen, Emit, ServerSide, SocketData>[] = [];

  constructor(surroundings: Surroundings<Listen, Emit, ServerSide, SocketData>) {
    this.#surroundings = surroundings;
  }

  /** The namespace of that name, made on first use. One that fits a regular expression is a child of its parent. */
  of(name: string): Namespace<Listen, Emit, ServerSide, SocketData> {
    const known = this.#lookUp(name);
    if (known) return known;
    const parent = this.#parents.find((one) => fits(one, name) === true);
    return this.#create(name, parent, this.#surroundings.isServed() ? this.#met : this.#fixed);
  }

  /** Parents are numbered in the order of the app's module, which is the same on every instance. */
  addParent(match: RegExp | MatchFunction): ParentNamespace<Listen, Emit, ServerSide, SocketData> {
    const name = `/_${this.#parents.length}`;
    const { server, internals } = this.#surroundings;
    const parent = new ParentNamespace(server, name, internals, match);
    this.#parents.push(parent);
    return parent;
  }

  /**
   * Of a socket that has connected, here or elsewhere. `parentName` is what its row says; a later deploy may number
   * parents anew, so an expression that fits will do instead. Undefined: no longer in the app.
   */
  find(name: string, parentName?: string): Namespace<Listen, Emit, ServerSide, SocketData> | undefined {
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
  async connectTo(
    name: string,
    ask: (match: MatchFunction) => Promise<boolean>,
  ): Promise<Namespace<Listen, Emit, ServerSide, SocketData> | undefined> {
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

  #lookUp(name: string): Namespace<Listen, Emit, ServerSide, SocketData> | undefined {
    const fixed = this.#fixed.get(name);
    if (fixed) return fixed;
    const met = this.#met.get(name);
    if (met === undefined) return undefined;
    this.#met.delete(name);
    this.#met.set(name, met);
    return met;
  }

  #create(
    name: string,
    parent: ParentNamespace<Listen, Emit, ServerSide, SocketData> | undefined,
    place: Map<string, Namespace<Listen, Emit, ServerSide, SocketData>>,
  ): Namespace<Listen, Emit, ServerSide, SocketData> {
    const { server, internals } = this.#surroundings;
    const created = new Namespace(server, name, internals);
    if (parent) created.adopt(parent);
    place.set(name, created);
    const [oldest] = this.#met.keys();
    if (oldest !== undefined && this.#met.size > MAX_MET) this.#met.delete(oldest);
    if (name !== "/") this.#surroundings.onNew(created);
    return created;
  }
}

/** Undefined: that is for its function to say. */
const fits = ({ match }: { readonly match: RegExp | MatchFunction }, name: string): boolean | undefined =>
  match instanceof RegExp ? match.test(name) : undefined;
