import type { Server } from "node:http";
import { layersOf } from "../engine/watched-request.ts";

/**
 * The routes of an Express app at or below the path of its `Server`: nobody gets there, for whatever comes to that path is
 * answered as a client's, here and by the official server. Patterns that are no text are left alone.
 */
export function listShadowedRoutes(httpServer: Server | undefined, path: string): readonly string[] {
  const layers = (httpServer?.listeners("request") ?? []).flatMap((listener) => layersOf(listener));
  const routes = layers.flatMap(({ route }) => route?.path ?? []);
  return routes.filter(
    (one): one is string => typeof one === "string" && (one === path || one.startsWith(`${path}/`)),
  );
}

/** The one line about them. */
export const describeShadowed = (routes: readonly string[], path: string): string =>
  `expected the routes of the app to be elsewhere than ${path}, whose requests are its clients', got ${routes.join(", ")}: nobody gets there`;
