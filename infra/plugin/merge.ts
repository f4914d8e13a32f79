import { isObject } from "./json.ts";
import type { Json, JsonObject } from "./framework.ts";
import type { OwnStack } from "./own-stack.ts";

/** What is to be set in somebody's configuration: a path of keys, and the value. */
export type Extension = readonly [path: readonly string[], value: Json];

/** Of the provider's settings, what a function may have of its own: somebody's other functions keep theirs. */
const functionSettings: Readonly<
  Record<string, readonly [name: string, read: (value: Json) => Json | undefined]>
> = {
  runtime: ["runtime", (value) => value],
  architecture: ["architecture", (value) => value],
  versionFunctions: ["versionFunction", (value) => value],
  logRetentionInDays: ["logRetentionInDays", (value) => value],
  tracing: ["tracing", (value) => (isObject(value) ? value["lambda"] : undefined)],
};
/** Somebody's own, or the framework's default. */
const notOurs = new Set(["name", "stage", "region", "websocketsApiName", "environment"]);

/**
 * What to set in somebody's configuration, as it is written, so that it has the stack as well. What is there already is
 * left as it is, its settings of the provider too.
 */
export function mergeStack(
  service: JsonObject,
  { functions, provider, resources }: OwnStack,
): readonly Extension[] {
  const complete = Object.fromEntries(
    Object.entries(functions).map(([name, definition]) => [name, completeFunction(definition, provider)]),
  );
  const settings = Object.fromEntries(
    Object.entries(provider).filter(([key]) => !notOurs.has(key) && functionSettings[key] === undefined),
  );
  const { name: _, ...httpApi } = settings["httpApi"] as JsonObject;
  return [
    ...addTo(service, "functions", complete),
    ...addTo(service, "resources", resources),
    ...extendWhereAbsent(["provider"], service["provider"], { ...settings, httpApi }),
  ];
}

function completeFunction(definition: JsonObject, provider: JsonObject): JsonObject {
  const settings = Object.entries(functionSettings).flatMap(([from, [to, read]]) => {
    const value = read(provider[from] ?? null);
    return value === undefined || value === null ? [] : [[to, value] as const];
  });
  const environment = {
    ...(provider["environment"] as JsonObject),
    ...((definition["environment"] ?? {}) as JsonObject),
  };
  return { ...Object.fromEntries(settings), ...definition, environment };
}

/** The framework takes a list in place of an object, and merges it; or a variable that will be either. */
function addTo(service: JsonObject, key: string, added: JsonObject): readonly Extension[] {
  const given = service[key];
  if (given === undefined || given === null || isObject(given)) return extendWhereAbsent([key], given, added);
  if (Array.isArray(given)) return [[[key, String(given.length)], added]];
  return [[[key], [given, added]]];
}

function extendWhereAbsent(
  path: readonly string[],
  given: Json | undefined,
  added: Json,
): readonly Extension[] {
  if (given === undefined || given === null) return [[path, added]];
  if (!isObject(given) || !isObject(added)) return [];
  return Object.entries(added).flatMap(([key, value]) =>
    extendWhereAbsent([...path, key], given[key], value),
  );
}
