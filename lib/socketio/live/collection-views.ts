import type { Collection, Seen, Watcher } from "./watcher.ts";

/**
 * A member of a map or set as its view has it. Methods of both ask for what is inside of the object itself, which a view
 * has not: each is called on what is behind it. Keys are what they are, and not views.
 */
export function collectionMethod(
  target: Collection,
  key: string | symbol,
  views: Seen,
  watcher: Watcher,
): unknown {
  const member: unknown = Reflect.get(target, key, target);
  if (typeof member !== "function") return member;
  const { unwrap } = views;
  const view = () => views.viewOf(target);
  const reach = (at: unknown, value: unknown) => views.reach(target, at, value);
  switch (key) {
    case "get":
      return (at: unknown) => reach(unwrap(at), (target as Map<unknown, unknown>).get(unwrap(at)));
    case "has":
      return (at: unknown) => {
        watcher.onRead(target, unwrap(at));
        return target.has(unwrap(at));
      };
    case "set":
    case "add":
      return (at: unknown, value: unknown) => {
        const own = unwrap(at);
        if (!watcher.admitsWrite(target, own, { value: target instanceof Map ? value : own })) return view();
        if (target instanceof Map) target.set(own, unwrap(value));
        else target.add(own);
        return view();
      };
    case "delete":
      return (at: unknown) => {
        const own = unwrap(at);
        watcher.onRead(target, own);
        if (!target.has(own)) return false;
        return watcher.admitsWrite(target, own) ? target.delete(own) : true;
      };
    case "clear":
      return () => {
        for (const at of target.keys()) if (watcher.admitsWrite(target, at)) target.delete(at);
      };
    case "forEach":
      return (call: (value: unknown, at: unknown, of: unknown) => void, self?: unknown) =>
        target.forEach((value: unknown, at: unknown) => {
          const shown = reach(at, value);
          Reflect.apply(call, self, [shown, target instanceof Map ? at : shown, view()]);
        });
    case "keys":
      // Of a set they are its values.
      return () => (target instanceof Map ? target.keys() : items(target, reach));
    case "values":
      return () => items(target, reach);
    case "entries":
      return () => items(target, (at, value) => [at, reach(at, value)]);
    case Symbol.iterator:
      return () =>
        items(target, (at, value) => (target instanceof Map ? [at, reach(at, value)] : reach(at, value)));
    default:
      // `union` and its like: they ask for a set, and get a copy of this one.
      return (...args: unknown[]) => Reflect.apply(member, copyOf(target), args) as unknown;
  }
}

function* items<T>(target: Collection, toItem: (at: unknown, value: unknown) => T): Generator<T> {
  for (const [at, value] of target.entries()) yield toItem(at, value);
}

const copyOf = (target: Collection): Collection =>
  target instanceof Map ? new Map(target) : new Set(target);
