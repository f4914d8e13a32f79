import { described } from "../../../described.ts";
/** A value with its type, as DynamoDB has it in JSON: `{"S":"text"}`, `{"N":"1"}`, `{"M":{…}}`. */
export type AttributeValue = Readonly<Record<string, unknown>>;

/**
 * A plain value as DynamoDB keeps it, as `@aws-sdk/lib-dynamodb` writes it with `removeUndefinedValues`: what is undefined
 * or a function is left out of maps, lists and sets. Throws for what it throws for: numbers that would lose digits,
 * empty sets, objects of classes.
 */
export function toAttributeValue(value: unknown): AttributeValue {
  switch (typeof value) {
    case "string":
      return { S: value };
    case "number":
      return { N: toNumberText(value) };
    case "boolean":
      return { BOOL: value };
    case "bigint":
      return { N: value.toString() };
    case "object":
      return value === null ? { NULL: true } : fromObject(value);
    default:
      throw unsupported(value);
  }
}

/** Each member of an item, a key, or the values of an expression. */
export function toAttributes(members: object): Record<string, AttributeValue> {
  const attributes: Record<string, AttributeValue> = {};
  for (const name of Object.keys(members)) {
    const value = (members as Record<string, unknown>)[name];
    if (value === undefined || typeof value === "function") continue;
    put(attributes, name, toAttributeValue(value));
  }
  return attributes;
}

function fromObject(value: object): AttributeValue {
  if (Array.isArray(value)) return { L: value.filter(isThere).map(toAttributeValue) };
  if (value instanceof Uint8Array) return { B: toBase64(value) };
  if (value instanceof Set) return fromSet([...value].filter((member) => member !== undefined));
  if (value instanceof Map) return { M: fromEntries(value) };
  if (ArrayBuffer.isView(value))
    return { B: toBase64(new Uint8Array(value.buffer, value.byteOffset, value.byteLength)) };
  if (value instanceof ArrayBuffer) return { B: toBase64(new Uint8Array(value)) };
  if (value instanceof Boolean) return { BOOL: value.valueOf() };
  if (value instanceof Number) return { N: toNumberText(value.valueOf()) };
  if (value instanceof String) return { S: value.valueOf() };
  const { constructor } = value as { readonly constructor?: unknown };
  if (typeof constructor === "function" && constructor.name !== "Object") throw unsupported(value);
  return { M: fromEntries(enumerable(value)) };
}

/** Those it has inherited are among them, as for the SDK. */
function* enumerable(value: object): Iterable<[string, unknown]> {
  for (const name in value) yield [name, (value as Record<string, unknown>)[name]];
}

function fromEntries(entries: Iterable<[unknown, unknown]>): Record<string, AttributeValue> {
  const attributes: Record<string, AttributeValue> = {};
  for (const [name, value] of entries)
    if (isThere(value)) put(attributes, String(name), toAttributeValue(value));
  return attributes;
}

/** By the type of its first member, which all have. */
function fromSet(members: readonly unknown[]): AttributeValue {
  const [first] = members;
  if (members.length === 0) throw new TypeError("expected a set with members, got an empty one");
  if (typeof first === "string") return { SS: members.map(String) };
  if (typeof first === "number" || typeof first === "bigint") return { NS: members.map(toNumberText) };
  if (!(first instanceof Uint8Array))
    throw new TypeError(`expected a set of strings, numbers or bytes, got ${described(first)}`);
  return { BS: members.map((member) => toBase64(member as Uint8Array)) };
}

function toNumberText(value: unknown): string {
  if (typeof value === "bigint") return value.toString();
  if (typeof value === "number" && Number.isFinite(value) && Math.abs(value) <= Number.MAX_SAFE_INTEGER)
    return value.toString();
  throw new RangeError(`expected a number that keeps all of its digits, got ${String(value)}`);
}

/** A value with its type as a plain one. Numbers beyond those that JavaScript knows exactly are of type bigint. */
export function fromAttributeValue(attribute: AttributeValue): unknown {
  for (const type in attribute) {
    const value = attribute[type];
    switch (type) {
      case "S":
      case "BOOL":
        return value;
      case "N":
        return toNumber(value as string);
      case "M":
        return fromAttributes(value as Record<string, AttributeValue>);
      case "L":
        return (value as AttributeValue[]).map(fromAttributeValue);
      case "NULL":
        return null;
      case "B":
        return fromBase64(value as string);
      case "SS":
        return new Set(value as string[]);
      case "NS":
        return new Set((value as string[]).map(toNumber));
      case "BS":
        return new Set((value as string[]).map(fromBase64));
      default:
        throw new TypeError(`expected a type of DynamoDB, got ${type}`);
    }
  }
  throw new TypeError("expected a value with its type, got none");
}

export function fromAttributes(
  attributes: Readonly<Record<string, AttributeValue>>,
): Record<string, unknown> {
  const members: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(attributes)) put(members, name, fromAttributeValue(value));
  return members;
}

function toNumber(text: string): number | bigint {
  const value = Number(text);
  if (Math.abs(value) <= Number.MAX_SAFE_INTEGER || !Number.isFinite(value)) return value;
  return BigInt(text);
}

/** `__proto__` is a name like any other; the SDK loses it, and what it holds becomes everybody's parent. */
function put<Value>(target: Record<string, Value>, name: string, value: Value): void {
  if (name !== "__proto__") target[name] = value;
  else Object.defineProperty(target, name, { value, enumerable: true, writable: true, configurable: true });
}

const isThere = (value: unknown): boolean => value !== undefined && typeof value !== "function";

const toBase64 = ({ buffer, byteOffset, byteLength }: Uint8Array): string =>
  Buffer.from(buffer, byteOffset, byteLength).toString("base64");

function fromBase64(text: string): Uint8Array {
  const { buffer, byteOffset, byteLength } = Buffer.from(text, "base64");
  return new Uint8Array(buffer, byteOffset, byteLength);
}

const unsupported = (value: unknown): TypeError =>
  new TypeError(`expected a value that DynamoDB can keep, got ${Object.prototype.toString.call(value)}`);
