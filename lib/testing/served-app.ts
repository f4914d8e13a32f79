import type { EngineApp } from "../engine/engine.ts";
import { ConfigError } from "../errors.ts";
import { TestingError } from "./errors.ts";

/** What can be served: a `Server`, an engine app, or a module that exports one of them as `io` or `engine`. */
export type Servable =
  EngineApp | { readonly engine: EngineApp } | { readonly io: { readonly engine: EngineApp } };

/** Makes the app of one instance; `instance` counts from 0. Each call must make another. */
export type Factory = (instance: number) => Servable | Promise<Servable>;

/** So many apps, each of its own. */
export async function createApps(
  subject: Servable | Factory,
  instances: number,
): Promise<readonly EngineApp[]> {
  if (!Number.isInteger(instances) || instances < 1) {
    throw new ConfigError(
      "config.bad_option",
      `expected instances to be a whole number of at least 1, got ${String(instances)}`,
    );
  }
  if (typeof subject === "function") {
    const made = Array.from({ length: instances }, async (_, index) => toApp(await subject(index)));
    return Promise.all(made);
  }
  if (instances === 1) return [toApp(subject)];
  throw new TestingError(
    "testing.needs_factory",
    `expected a function that makes an app for each of ${instances} instances, got one app`,
  );
}

function toApp(subject: Servable): EngineApp {
  const candidate = subject as Partial<{ io: { engine: unknown }; engine: unknown }> | undefined;
  const app = candidate?.io?.engine ?? candidate?.engine ?? subject;
  if (isApp(app)) return app;
  throw new TestingError(
    "testing.no_app",
    "expected a Server, an engine app, or a module that exports one of them as `io` or `engine`, got something else",
  );
}

const isApp = (app: unknown): app is EngineApp =>
  typeof app === "object" && app !== null && "bind" in app && "onMessage" in app;
