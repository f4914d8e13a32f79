import { define } from "./define.ts";

/** Puts what is behind them in the place of views that the app has put into a container of its own. */
export function bare(container: object, unwrap: (value: unknown) => unknown): void {
  if (container instanceof Map) {
    for (const [key, value] of container) if (unwrap(value) !== value) container.set(key, unwrap(value));
  } else if (container instanceof Set) {
    const items = [...container];
    if (!items.some((item) => unwrap(item) !== item)) return;
    container.clear();
    for (const item of items) container.add(unwrap(item));
  } else {
    for (const [key, value] of Object.entries(container))
      if (unwrap(value) !== value) define(container, key, unwrap(value));
  }
}
