import type { Digest } from "./digest.ts";
import type { AnyFunction, Script } from "./function-scopes.ts";
import type { Place } from "./sources.ts";

/** Something that outlives a handler, as it was at one moment. */
export interface Kept extends Digest {
  readonly form: "variable" | "field" | "global";
  /** As its code has it: a field's own name, without its object. */
  readonly name: string;
  /** For people: `users`, `lobby.players`, `global.users`. */
  readonly label: string;
  readonly seenFrom: Place;
  readonly script: Script;
  /** Of the connection listener: made anew before each packet. */
  readonly isOfListener: boolean;
  /** The object itself, where it is one. */
  readonly object?: object | undefined;
  /** The functions that name it, of which one may set it. */
  readonly seers: Set<AnyFunction>;
}

export type Snapshot = ReadonlyMap<string, Kept>;
