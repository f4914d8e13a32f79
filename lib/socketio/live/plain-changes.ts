import { described } from "../../described.ts";
import { CoreError } from "../../engine/errors.ts";

/**
 * What the app does to a live value is what the table can keep, or refused where it is done: anything else would be there
 * on this instance alone, until the row is next read.
 */
export function refuseKey(title: string, wanted: string, key: unknown): never {
  throw new CoreError("core.live_bad_key", `expected ${title} to have ${wanted}, got ${described(key)}`, {
    evidence: { at: title },
  });
}

/** @throws {CoreError} `core.live_bad_key` for a symbol, and for a name that no item of a list has */
export function requirePropertyKey(target: object, key: string | symbol, title: () => string): void {
  if (typeof key === "symbol") refuseKey(title(), "keys that are text", key);
  if (Array.isArray(target) && key !== "length" && !INDEX.test(key))
    refuseKey(title(), "items and length alone", key);
}

/** @throws {CoreError} `core.live_not_plain` for what JSON would not show, or what only this instance would obey */
export function requirePlainProperty(
  target: object,
  key: string,
  descriptor: PropertyDescriptor,
  title: () => string,
): void {
  if ("get" in descriptor || "set" in descriptor)
    refuse(title(), `${JSON.stringify(key)} with a getter or setter`, "assign the value instead");
  if (Array.isArray(target) && key === "length") {
    if (descriptor.writable === false) refuse(title(), "a length that is fixed", OPEN);
    return;
  }
  const before = Reflect.getOwnPropertyDescriptor(target, key);
  for (const attribute of ["enumerable", "writable", "configurable"] as const) {
    if (descriptor[attribute] ?? before?.[attribute] ?? false) continue;
    refuse(title(), `${JSON.stringify(key)} that is not ${attribute}`, "assign the value instead");
  }
}

export const refuseClosing = (title: string): never =>
  refuse(title, "an object that is closed by Object.freeze, seal or preventExtensions", OPEN);

/** Setting the prototype that it has is no change. */
export function requireSamePrototype(target: object, prototype: object | null, title: () => string): boolean {
  if (prototype === Object.getPrototypeOf(target)) return true;
  return refuse(title(), "another prototype", "keep what is data here, and make your objects of it");
}

/** Whether everything in it may be changed, as others will. */
export const isOpen = (container: object): boolean =>
  Object.isExtensible(container) &&
  Object.entries(Object.getOwnPropertyDescriptors(container)).every(
    ([key, { configurable, writable }]) =>
      configurable === true || (key === "length" && Array.isArray(container) && writable === true),
  );

const INDEX = /^(0|[1-9]\d{0,9})$/;
const OPEN = "others change it too: freeze a copy of it";

function refuse(title: string, got: string, remedy: string): never {
  throw new CoreError(
    "core.live_not_plain",
    `expected ${title} to stay plain data that every instance can change, got ${got}; ${remedy}`,
    { evidence: { at: title } },
  );
}
