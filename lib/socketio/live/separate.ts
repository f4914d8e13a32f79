import { define } from "./define.ts";
import { isOpen } from "./plain-changes.ts";
import { fromTree, toTree } from "./tree.ts";
import { isContainer } from "./views.ts";
import { isCollection } from "./watcher.ts";

/**
 * Puts copies in the place of some of the containers inside of one, which stays itself, as do all others: the app may hold
 * them.
 */
export function separate(
  container: object,
  shared: ReadonlySet<object>,
  unwrap: (value: unknown) => unknown,
): void {
  const next = (given: unknown): unknown => {
    const value = unwrap(given);
    if (!isContainer(value)) return value;
    if (shared.has(value)) return copyOf(value, unwrap);
    separate(value, shared, unwrap);
    return value;
  };
  if (Array.isArray(container)) {
    for (const [index, item] of container.entries()) {
      const value = next(item);
      if (value !== item) container[index] = value;
    }
  } else if (container instanceof Map) {
    for (const [key, item] of container) {
      const value = next(item);
      if (value !== item) container.set(key, value);
    }
  } else if (container instanceof Set) {
    const items = [...container];
    const values = items.map(next);
    if (values.every((value, index) => value === items[index])) return;
    container.clear();
    for (const value of values) container.add(value);
  } else {
    for (const [key, item] of Object.entries(container)) {
      const value = next(item);
      if (value !== item) define(container, key, value);
    }
  }
}

export const copyOf = (value: object, unwrap: (value: unknown) => unknown): unknown =>
  fromTree(toTree(value, "", { unwrap, onContainer: () => undefined }));

/** The same, with another container around it where that one is frozen. */
export function opened(value: unknown): unknown {
  if (!isContainer(value) || isCollection(value) || isOpen(value)) return value;
  return Array.isArray(value) ? [...(value as unknown[])] : Object.fromEntries(Object.entries(value));
}
