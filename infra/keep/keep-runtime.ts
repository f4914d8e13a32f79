import type { Plugin } from "esbuild";
import { RUNTIME_MODULE } from "./rewrite.ts";

/** What generated code calls, on top of what the library has: values are made where the app makes them. */
const source = `
import { liveValue, liveVariable, socketVariables } from "nonsticky/live";
export const container = (name, initial) => liveValue(name, initial);
export const variable = (name, initial) => liveVariable(name, () => initial);
export const ofSocket = (socket, name, value) => socketVariables(socket, name, { value });
export function property(object, key, name, initial) {
  const held = variable(name, initial);
  const accessors = { get: () => held.value, set: (value) => void (held.value = value) };
  Object.defineProperty(object, key, { ...accessors, enumerable: true, configurable: true });
}
export function properties(name, keys, object) {
  for (const key of keys) property(object, key, name + "." + key, object[key]);
  return object;
}`;

/** Gives files that are rewritten what they ask for. */
export const keepRuntime: Plugin = {
  name: RUNTIME_MODULE,
  setup(setup) {
    setup.onResolve({ filter: new RegExp(`^${RUNTIME_MODULE}$`) }, ({ path: wanted }) => ({
      path: wanted,
      namespace: RUNTIME_MODULE,
      sideEffects: false,
    }));
    setup.onLoad({ filter: /./, namespace: RUNTIME_MODULE }, () => ({ contents: source, resolveDir: "/" }));
  },
};
