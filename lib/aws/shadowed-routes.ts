import type { Server } from "node:http";

/** What Express keeps of a route; other frameworks do not show theirs. */
interface Layer {
  readonly route?: { readonly path?: unknown };
}

/**
 * The routes of an Express app at or below the path of its `Server`: nobody gets there, for whatever comes to that path is
 * answered as a client's, here and by the official server. Patterns that are no text are left alone.
 */
export function listShadowedRoutes(httpServer: Server | undefined, path: string): readonly string[] {
  const layers = (httpServer?.listeners("request") ?? []).flatMap((listener) => {
    const { router, _router } = listener as unknown as Record<
      string,
      { readonly stack?: unknown } | undefined
    >;
    // Express 5, and before.
    const stack = router?.stack ?? _router?.stack;
    return Array.isArray(stack) ? (stack as readonly Layer[]) : [];
  });
  const routes = layers.flatMap(({ route }) => route?.path ?? []);
  return routes.filter(
    (one): one is string => typeof one === "string" && (one === path || one.startsWith(`${path}/`)),
  );
}

/** The one line about them. */
export const describeShadowed = (routes: readonly string[], path: string): string =>
  `expected the routes of the app to be elsewhere than ${path}, whose requests are its clients', got ${routes.join(", ")}: nobody gets there`;
