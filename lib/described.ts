/** Text that is longer is cut. */
const MAX_TEXT = 40;

/**
 * How an error calls what came in place of what it expects: `undefined`, `5`, `"x"`, `an array`, `a function listen`, `an
 * EventEmitter`. What is inside of objects it does not tell.
 */
export function described(value: unknown): string {
  switch (typeof value) {
    case "string":
      return JSON.stringify(value.length > MAX_TEXT ? `${value.slice(0, MAX_TEXT)}…` : value);
    case "bigint":
      return `${value}n`;
    case "function":
      return value.name === "" ? "a function" : `a function ${value.name}`;
    case "object":
      return value === null ? "null" : describedObject(value);
    default:
      return String(value);
  }
}

function describedObject(value: object): string {
  if (Array.isArray(value)) return "an array";
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype === Object.prototype || prototype === null) return "an object";
  const maker = (prototype as { readonly constructor?: unknown }).constructor;
  const name = typeof maker === "function" ? maker.name : "";
  if (name === "" || name === "Object") return "an object with a prototype of its own";
  return `${/^[AEIO]/i.test(name) ? "an" : "a"} ${name}`;
}
