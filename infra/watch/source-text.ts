import type { AnyFunction } from "./function-scopes.ts";

const texts = new WeakMap<AnyFunction, string>();

export function sourceOf(value: AnyFunction): string {
  let text = texts.get(value);
  if (text === undefined) texts.set(value, (text = Function.prototype.toString.call(value)));
  return text;
}

/** Names that may be variables. */
export const wordsOf = (value: AnyFunction): ReadonlySet<string> =>
  new Set(sourceOf(value).match(/[A-Za-z_$][\w$]*/g) ?? []);
