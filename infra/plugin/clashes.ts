import { isObject, mergeDeep } from "./json.ts";
import type { Json, JsonObject } from "./framework.ts";
import type { OwnStack } from "./own-stack.ts";

/** What somebody's service has that the stack needs for itself, each a sentence that names both. Resolved variables. */
export function findClashes(service: JsonObject, stack: OwnStack): readonly string[] {
  const functions = toOne(service["functions"]);
  const resources = toOne(service["resources"]);
  return [
    ...Object.entries(stack.functions)
      .filter(([name]) => functions[name] !== undefined)
      .map(
        ([name, { handler }]) =>
          `functions.${name} (${describeHandler(functions[name])}), a name that nonsticky/serverless needs for ${String(handler)}`,
      ),
    ...["Resources", "Outputs", "Conditions"].flatMap((section) =>
      clashesIn(section, resources, stack.resources),
    ),
    ...clashesOfRoutes(functions, stack.functions),
    ...clashesOfProvider(service["provider"], stack.provider),
  ];
}

/** The ids of what somebody's service has in `resources`. */
export const listResources = (service: JsonObject): readonly string[] =>
  Object.keys(toObject(toOne(service["resources"])["Resources"]));

function clashesIn(section: string, theirs: JsonObject, ours: JsonObject): readonly string[] {
  const given = toObject(theirs[section]);
  return Object.entries(toObject(ours[section]))
    .filter(([id]) => given[id] !== undefined)
    .map(
      ([id, value]) =>
        `resources.${section}.${id}${describeType(given[id])}, a name that nonsticky/serverless needs for its own${describeType(value)}`,
    );
}

function clashesOfRoutes(theirs: JsonObject, ours: JsonObject): readonly string[] {
  const taken = new Map(listRoutes(ours).map(({ route, name }) => [route, name]));
  return listRoutes(theirs)
    .filter(({ route }) => taken.has(route))
    .map(
      ({ route, name }) =>
        `functions.${name} on the route ${route}, which nonsticky/serverless needs for its function ${taken.get(route)}`,
    );
}

function listRoutes(functions: JsonObject): readonly { readonly route: string; readonly name: string }[] {
  return Object.entries(functions).flatMap(([name, definition]) => {
    const events = toObject(definition)["events"];
    if (!Array.isArray(events)) return [];
    return (events as readonly Json[]).flatMap((event) => {
      const { websocket, httpApi } = toObject(event);
      const route =
        websocket === undefined ? undefined : isObject(websocket) ? websocket["route"] : websocket;
      return [
        ...(typeof route === "string" ? [{ route, name }] : []),
        ...(typeof httpApi === "string" ? [{ route: httpApi, name }] : []),
      ];
    });
  });
}

function clashesOfProvider(given: Json | undefined, ours: JsonObject): readonly string[] {
  const provider = toObject(given);
  const selection = "websocketsApiRouteSelectionExpression";
  return [
    ...(provider[selection] === undefined || provider[selection] === ours[selection]
      ? []
      : [
          `provider.${selection} (${JSON.stringify(provider[selection])}), which must be ${String(ours[selection])}`,
        ]),
    ...[
      ["httpApi", "id"],
      ["apiGateway", "websocketApiId"],
    ].flatMap(([section = "", key = ""]) =>
      toObject(provider[section])[key] === undefined
        ? []
        : [
            `provider.${section}.${key}, an API of another stack, where nonsticky/serverless needs one of this`,
          ],
    ),
  ];
}

/** `functions` and `resources` may be lists, which the framework merges. */
const toOne = (value: Json | undefined): JsonObject =>
  Array.isArray(value)
    ? (value as readonly Json[]).reduce<JsonObject>((all, one) => mergeDeep(all, toObject(one)), {})
    : toObject(value);

const toObject = (value: Json | undefined): JsonObject => (isObject(value) ? value : {});

const describeHandler = (definition: Json | undefined): string =>
  String(toObject(definition)["handler"] ?? "no handler");

function describeType(resource: Json | undefined): string {
  const type = toObject(resource)["Type"];
  return typeof type === "string" ? ` (${type})` : "";
}
