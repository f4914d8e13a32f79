import { createServer, type RequestListener } from "node:http";
import { createRequire } from "node:module";
import { expect, it } from "vitest";
import { listShadowedRoutes } from "../../lib/aws/shadowed-routes.ts";

const paths = ["/socket.io", "/socket.io/stats", ["/a", "/socket.io/b"], "/socket.iota", /^\/socket/];

const require = createRequire(import.meta.url);

/** A request listener that carries what a framework keeps of its routes. */
const listOf = (kept: object, path = "/socket.io"): readonly string[] =>
  listShadowedRoutes(createServer(Object.assign(() => undefined, kept) as RequestListener), path);

/** As much of Express as is asked for here; it comes without types. */
type App = RequestListener & {
  use(middleware: (request: unknown, response: unknown, next: () => void) => void): void;
  get(path: unknown, handler: () => void): void;
};
const versions: readonly (readonly [string, () => App])[] = [
  ["Express 5", require("express") as () => App],
  ["Express 4", require("express4") as () => App],
];

it.each(versions)("lists the routes of %s that are at the clients' path or below", (_, create) => {
  const app = create();
  app.use((_request, _response, next) => next());
  for (const path of paths) app.get(path, () => undefined);
  const server = createServer(app);

  expect(listShadowedRoutes(server, "/socket.io")).toEqual([
    "/socket.io",
    "/socket.io/stats",
    "/socket.io/b",
  ]);
  expect(listShadowedRoutes(server, "/chat")).toEqual([]);
});

it.each(versions)("lists none of %s before it has any", (_, create) => {
  expect(listShadowedRoutes(createServer(create()), "/socket.io")).toEqual([]);
});

it("lists none of a listener that keeps none, or keeps something else", () => {
  expect(listOf({})).toEqual([]);
  expect(listOf({ router: "mine" })).toEqual([]);
  expect(listShadowedRoutes(undefined, "/socket.io")).toEqual([]);
});
