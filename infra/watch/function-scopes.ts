import { Session } from "node:inspector";
import type { Debugger, Runtime } from "node:inspector";

/** Any function; what it takes is of no concern here. */
export type AnyFunction = (...args: never[]) => unknown;

export interface Script {
  readonly url: string;
  readonly sourceMapUrl: string;
}

/** From 0, as V8 counts. */
export interface FunctionLocation {
  readonly script: Script;
  readonly scriptId: string;
  readonly line: number;
  readonly column: number;
}

export interface Scope {
  /** `Module`, `Closure (onConnection)`, `Block`, `Script`. */
  readonly description: string;
  /** A copy of the variables that it has now, made by V8: values are the values themselves. */
  readonly variables: Readonly<Record<string, unknown>>;
}

export interface Inspected {
  /** What a bound function calls; else the function itself. */
  readonly target: AnyFunction;
  readonly location: FunctionLocation;
  /** From the inside out, without the global one. */
  readonly scopes: readonly Scope[];
  /** What a bound function calls it on, and with. */
  readonly bound: readonly unknown[];
}

/** With what Node's types leave out. */
interface Properties extends Runtime.GetPropertiesReturnType {
  readonly privateProperties?: readonly { readonly name: string; readonly value?: Runtime.RemoteObject }[];
}

const HANDLE = Symbol.for("nonsticky.inspected");
const GROUP = "nonsticky-watch";

/**
 * Reads the variables that functions of this process close over, by V8's inspector in the same thread: there is no
 * other way to them from outside of the code. Nothing stops, and no debugger is let in.
 */
export class FunctionScopes {
  readonly #session = new Session();
  readonly #scripts = new Map<string, Script>();

  constructor() {
    this.#session.connect();
    this.#session.on("Debugger.scriptParsed", ({ params }) => {
      const { scriptId, url, sourceMapURL = "" } = params;
      this.#scripts.set(scriptId, { url, sourceMapUrl: sourceMapURL });
    });
    // [[Scopes]] are there while the debugger's domain is on.
    this.#post("Debugger.enable");
  }

  close(): void {
    this.#session.disconnect();
  }

  /** Undefined for functions of V8 and of Node that have no source. */
  inspect(wanted: AnyFunction): Inspected | undefined {
    try {
      return this.#inspect(this.#toObjectId(wanted));
    } finally {
      this.#post("Runtime.releaseObjectGroup", { objectGroup: GROUP });
    }
  }

  /** Of a bound function that of what it calls. */
  locate(wanted: AnyFunction): FunctionLocation | undefined {
    try {
      let properties = this.#properties(this.#toObjectId(wanted));
      for (;;) {
        const called = internal(properties, "[[TargetFunction]]")?.objectId;
        if (called === undefined) return this.#toLocation(properties);
        properties = this.#properties(called);
      }
    } finally {
      this.#post("Runtime.releaseObjectGroup", { objectGroup: GROUP });
    }
  }

  /** The `#fields` of an object, by their names. */
  privateFields(object: object): ReadonlyMap<string, unknown> {
    try {
      const { privateProperties = [] } = this.#properties(this.#toObjectId(object));
      return new Map(
        privateProperties.flatMap(({ name, value }) =>
          value === undefined || value.type === "function" ? [] : [[name, this.#toValue(value)] as const],
        ),
      );
    } finally {
      this.#post("Runtime.releaseObjectGroup", { objectGroup: GROUP });
    }
  }

  #inspect(objectId: string): Inspected | undefined {
    const properties = this.#properties(objectId);
    const called = internal(properties, "[[TargetFunction]]")?.objectId;
    if (called !== undefined) {
      const inspected = this.#inspect(called);
      return inspected && { ...inspected, bound: [...this.#boundTo(properties), ...inspected.bound] };
    }
    const location = this.#toLocation(properties);
    const list = internal(properties, "[[Scopes]]")?.objectId;
    if (location === undefined || list === undefined) return undefined;
    // V8's list of them, which has no prototype: what the inspector shows as a scope is made of these two.
    const listed = this.#take(list) as ArrayLike<{ description: string; object: Scope["variables"] }>;
    const scopes = Array.from(listed, ({ description, object }) => ({
      description,
      variables: object,
    })).filter(({ description }) => !description.startsWith("Global"));
    return { target: this.#take(objectId) as AnyFunction, location, scopes, bound: [] };
  }

  #boundTo(properties: Properties): readonly unknown[] {
    const [self, given] = ["[[BoundThis]]", "[[BoundArgs]]"].map((name) => internal(properties, name));
    return [...(self ? [this.#toValue(self)] : []), ...(given ? (this.#toValue(given) as unknown[]) : [])];
  }

  #toLocation(properties: Properties): FunctionLocation | undefined {
    const found = internal(properties, "[[FunctionLocation]]")?.value as Debugger.Location | undefined;
    const script = found && this.#scripts.get(found.scriptId);
    if (found === undefined || script === undefined) return undefined;
    return { script, scriptId: found.scriptId, line: found.lineNumber, column: found.columnNumber ?? 0 };
  }

  #properties(objectId: string): Properties {
    return this.#post("Runtime.getProperties", {
      objectId,
      ownProperties: true,
    }) as Properties;
  }

  #toObjectId(value: unknown): string {
    handles[HANDLE] = value;
    const expression = `globalThis[Symbol.for("nonsticky.inspected")]`;
    const { result } = this.#post("Runtime.evaluate", {
      expression,
      objectGroup: GROUP,
    }) as Runtime.EvaluateReturnType;
    delete handles[HANDLE];
    if (result.objectId === undefined)
      throw new TypeError(`expected an object to look at, got ${result.type}`);
    return result.objectId;
  }

  #toValue(remote: Runtime.RemoteObject): unknown {
    if (remote.objectId !== undefined) return this.#take(remote.objectId);
    return remote.unserializableValue ?? remote.value;
  }

  /** The very object. */
  #take(objectId: string): unknown {
    const functionDeclaration = `function () { globalThis[Symbol.for("nonsticky.inspected")] = this; }`;
    this.#post("Runtime.callFunctionOn", { objectId, functionDeclaration });
    const taken = handles[HANDLE];
    delete handles[HANDLE];
    return taken;
  }

  /** In the same thread the answer is there when the call returns. */
  #post(method: string, params: object = {}): object {
    let answer: { readonly error: Error | null; readonly result: object | undefined } | undefined;
    this.#session.post(method, params, (error, result) => (answer = { error, result }));
    if (answer === undefined) throw new Error(`expected an answer to ${method} at once, got none`);
    if (answer.error) throw answer.error;
    return answer.result ?? {};
  }
}

const handles = globalThis as { [HANDLE]?: unknown };

const internal = ({ internalProperties = [] }: Properties, name: string): Runtime.RemoteObject | undefined =>
  internalProperties.find((property) => property.name === name)?.value;
