import type { EngineApp } from "./engine.ts";

/**
 * The app that a module exports: a `Server` as `io`, an engine app as `engine`, or either of them as all that it exports;
 * CommonJS has its exports under `default`, where it is imported. Undefined: it exports none.
 */
export function appOfModule(module: unknown): EngineApp | undefined {
  const { default: inner } = Object(module) as { default?: unknown };
  return [module, inner].flatMap(candidatesIn).find(isApp);
}

function candidatesIn(exported: unknown): readonly unknown[] {
  const { io, engine } = Object(exported) as { io?: unknown; engine?: unknown };
  return [(Object(io) as { engine?: unknown }).engine, engine, exported];
}

const isApp = (value: unknown): value is EngineApp =>
  typeof value === "object" && value !== null && "bind" in value && "onMessage" in value;
