import { createServer, type RequestListener } from "node:http";
import { expect, it } from "vitest";
import { listShadowedRoutes } from "../../lib/aws/shadowed-routes.ts";

const layers = [
  {},
  { route: { path: "/socket.io" } },
  { route: { path: "/socket.io/stats" } },
  { route: { path: ["/a", "/socket.io/b"] } },
  { route: { path: "/socket.iota" } },
  { route: { path: /^\/socket/ } },
  { route: { path: "*" } },
];

/** A request listener that carries what a framework keeps of its routes. */
const listOf = (kept: object, path = "/socket.io"): readonly string[] =>
  listShadowedRoutes(createServer(Object.assign(() => undefined, kept) as RequestListener), path);

it.each([
  ["Express 5", { router: { stack: layers } }],
  ["Express 4", { _router: { stack: layers } }],
])("lists the routes of %s that are at the clients' path or below", (_, kept) => {
  expect(listOf(kept)).toEqual(["/socket.io", "/socket.io/stats", "/socket.io/b"]);
  expect(listOf(kept, "/chat")).toEqual([]);
});

it("lists none of a listener that keeps none, or keeps something else", () => {
  expect(listOf({})).toEqual([]);
  expect(listOf({ router: "mine" })).toEqual([]);
  expect(listShadowedRoutes(undefined, "/socket.io")).toEqual([]);
});
