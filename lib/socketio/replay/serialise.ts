import { described } from "../../described.ts";
import { CoreError } from "../../engine/errors.ts";

/**
 * JSON text of a value that must survive until the next packet. What JSON would change on the way (a Date becomes a
 * string, a Map an empty object, a function nothing) is an error that names the property: it would otherwise work
 * until the next packet and then be something else.
 */
export function serialise(value: unknown, property: string): string {
  try {
    check(value, property, new Set());
    return JSON.stringify(value);
  } catch (error) {
    // A client may nest deeper than a stack goes: JSON reads that without one.
    if (error instanceof RangeError) throw unserialisable(property, "a value nested too deep");
    throw error;
  }
}

/** The same, with the error handed over instead of thrown, and undefined returned. */
export function serialiseOr(
  onError: (error: CoreError) => void,
  value: unknown,
  property: string,
): string | undefined {
  try {
    return serialise(value, property);
  } catch (error) {
    if (!(error instanceof CoreError)) throw error;
    onError(error);
    return undefined;
  }
}

function check(value: unknown, path: string, above: Set<object>): void {
  switch (typeof value) {
    case "string":
    case "boolean":
      return;
    case "number":
      if (Number.isFinite(value)) return;
      throw unserialisable(path, String(value));
    case "object":
      break;
    case "undefined":
    case "bigint":
    case "symbol":
    case "function":
      throw unserialisable(path, described(value));
  }
  if (value === null) return;
  if (above.has(value)) throw unserialisable(path, "a value that contains itself");
  above.add(value);
  if (Array.isArray(value)) {
    value.forEach((item, index) => check(item, `${path}[${index}]`, above));
  } else {
    const prototype: unknown = Object.getPrototypeOf(value);
    if (prototype !== Object.prototype && prototype !== null) {
      throw unserialisable(path, described(value));
    }
    for (const [key, item] of Object.entries(value)) {
      if (item !== undefined) check(item, `${path}.${key}`, above);
    }
  }
  above.delete(value);
}

const unserialisable = (path: string, got: string): CoreError =>
  new CoreError(
    "core.unserialisable",
    `expected ${path} to be a string, finite number, boolean, null, or plain arrays and objects of these, got ${got}; ` +
      "it has to survive until the next packet, which another instance may handle",
    { evidence: { property: path } },
  );
