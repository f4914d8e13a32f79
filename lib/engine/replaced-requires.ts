import Module from "node:module";
import { currentHost, type HostedApp } from "./hosted-app.ts";

/** What Node's `require` goes through, whatever it is called by. */
interface Loader {
  _load(request: string, ...rest: unknown[]): unknown;
  readonly _cache: Readonly<Record<string, unknown>>;
}
const loader = Module as unknown as Loader;

const replacedOf = new WeakMap<HostedApp, ReadonlyMap<string, unknown>>();
let isPatched = false;

/**
 * A bundler sees `require("socket.io")`. What else asks Node for a package at run time, from an app that is hosted here, gets
 * `exported` as well: `require` with two arguments, by another name, of a name that is put together, of `createRequire`.
 */
export function replaceRequires(host: HostedApp, names: readonly string[], exported: unknown): void {
  replacedOf.set(host, new Map(names.map((name) => [name, exported])));
  host.suspect = () => suspect(names);
  if (isPatched) return;
  isPatched = true;
  const load = loader._load;
  loader._load = function (request, ...rest) {
    const host = currentHost();
    const replaced = host === undefined ? undefined : replacedOf.get(host);
    return replaced?.has(request) === true
      ? replaced.get(request)
      : Reflect.apply(load, this, [request, ...rest]);
  };
}

/** An `import` of a name that is put together loads the package itself, and there is nothing in its way. */
function suspect(names: readonly string[]): string | undefined {
  const files = Object.keys(loader._cache).map((file) => file.replaceAll("\\", "/"));
  const loaded = names.find((name) => files.some((file) => file.includes(`/node_modules/${name}/`)));
  return (
    loaded &&
    `; ${loaded} itself is loaded here: an import() is replaced where its name is a string in the code`
  );
}
