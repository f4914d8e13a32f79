import type { FunctionLocation, Inspected } from "./function-scopes.ts";
import { sourceOf } from "./source-text.ts";

/** A connection listener: where it stands, and how many scopes there are around it. */
export interface Maker {
  readonly from: FunctionLocation;
  readonly endLine: number;
  readonly endColumn: number;
  readonly height: number;
}

/** Which scopes a run of the connection listener makes: each packet finds others. */
export class ListenerScopes {
  readonly #self: unknown;
  readonly #makers: readonly Maker[];

  constructor(self: unknown, makers: readonly Maker[]) {
    this.#self = self;
    this.#makers = makers;
  }

  /** `index`: of the scopes of a function, which count from the inside out. */
  has({ location, scopes }: Inspected, index: number): boolean {
    const scope = scopes[index];
    if (scope === undefined || /^(Module|Script)/.test(scope.description)) return false;
    // Closed over by who has the socket of this packet: the listener, or what it hands the socket to.
    if (isObject(this.#self) && Object.values(scope.variables).includes(this.#self)) return true;
    // V8 keeps no socket in a scope in which no inner function mentions it: what stands in the listener is made by it.
    return this.#makers.some((maker) => isInside(location, maker) && scopes.length - index > maker.height);
  }
}

export function toMaker({ target, location, scopes }: Inspected): Maker {
  const lines = sourceOf(target).split("\n");
  const last = lines.at(-1) ?? "";
  return {
    from: location,
    endLine: location.line + lines.length - 1,
    endColumn: lines.length === 1 ? location.column + last.length : last.length,
    height: scopes.length,
  };
}

const isInside = (
  { scriptId, line, column }: FunctionLocation,
  { from, endLine, endColumn }: Maker,
): boolean =>
  scriptId === from.scriptId &&
  (line > from.line || (line === from.line && column > from.column)) &&
  (line < endLine || (line === endLine && column < endColumn));

const isObject = (value: unknown): boolean => typeof value === "object" && value !== null;
