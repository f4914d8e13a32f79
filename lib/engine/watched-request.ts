import type { Server } from "node:http";
import type { HandlerCall, HandlerWatch } from "../handler-watch.ts";

type AnyFunction = HandlerCall["listener"];

/** What Express keeps of a route or a middleware; other frameworks do not show theirs. */
interface Layer {
  readonly handle?: unknown;
  readonly route?: { readonly path?: unknown; readonly stack?: readonly Layer[] };
}

/** What an Express app has behind its listener, in its own order; nothing of other apps. */
export function layersOf(listener: unknown): readonly Layer[] {
  for (const keeper of [routerOf(listener), listener]) {
    const { stack } = Object(keeper) as { readonly stack?: unknown };
    if (Array.isArray(stack)) return stack as readonly Layer[];
  }
  return [];
}

/** Of Express 5; and of Express 4, whose `router` throws when it is asked, and whose own is there from the first route on. */
function routerOf(listener: unknown): unknown {
  const app = listener as { readonly router?: unknown; readonly _router?: unknown };
  try {
    return app._router ?? app.router;
  } catch {
    return undefined;
  }
}

/** Has the routes of an app's HTTP server looked at while they answer a request. Returns what MUST be called when they have. */
export function watchRequest(
  watch: HandlerWatch | undefined,
  httpServer: Server | undefined,
  { method = "GET", url = "/" }: { readonly method?: string | undefined; readonly url?: string | undefined },
): (() => void) | undefined {
  if (watch === undefined) return undefined;
  const listeners = (httpServer?.listeners("request") ?? []) as AnyFunction[];
  const [listener, ...more] = listeners;
  if (listener === undefined) return undefined;
  const others = [...more, ...listeners.flatMap((one) => handlersIn(layersOf(one)))];
  // Of paths with ids in them there are too many to be told apart.
  const [, first = ""] = /^\/([^/?#]*)/.exec(url) ?? [];
  return watch.begin({ event: `${method} /${first}`, listener, others, self: undefined });
}

function handlersIn(layers: readonly Layer[], depth = 0): readonly AnyFunction[] {
  if (depth > 4) return [];
  return layers.flatMap(({ handle, route }) => [
    ...(typeof handle === "function"
      ? [handle as AnyFunction, ...handlersIn(layersOf(handle), depth + 1)]
      : []),
    ...handlersIn(route?.stack ?? [], depth + 1),
  ]);
}
