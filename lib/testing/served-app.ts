import { appOfModule } from "../engine/app-of-module.ts";
import type { EngineApp } from "../engine/engine.ts";
import { TestingError } from "./errors.ts";
import { loadApps, type LoadOptions } from "./load-app.ts";

/** What can be served: a `Server`, an engine app, or a module that exports one of them as `io` or `engine`. */
export type Servable =
  EngineApp | { readonly engine: EngineApp } | { readonly io: { readonly engine: EngineApp } };

/** Makes the app of one instance; `instance` counts from 0. Each call must make another. */
export type Factory = (instance: number) => Servable | Promise<Servable>;

export interface ServedApps {
  readonly apps: readonly EngineApp[];
  /** Removes what was built to load them. */
  readonly dispose: () => Promise<void>;
}

/** So many apps, each of its own; a file is loaded so many times. */
export async function createApps(
  subject: Servable | Factory | string | URL,
  options: LoadOptions,
): Promise<ServedApps> {
  const { instances } = options;
  if (typeof subject === "string" || subject instanceof URL) return loadApps(subject, options);
  const dispose = () => Promise.resolve();
  if (typeof subject === "function") {
    const made = Array.from({ length: instances }, async (_, index) => toApp(await subject(index)));
    return { apps: await Promise.all(made), dispose };
  }
  if (instances === 1) return { apps: [toApp(subject)], dispose };
  throw new TestingError(
    "testing.needs_factory",
    `expected a function that makes an app for each of ${instances} instances, or the file of one, got one app`,
  );
}

function toApp(subject: unknown): EngineApp {
  const app = appOfModule(subject);
  if (app !== undefined) return app;
  throw new TestingError(
    "testing.no_app",
    "expected a Server, an engine app, or a module that exports one of them as `io` or `engine`, got something else",
  );
}
