import type { HandlerWatch } from "../../../lib/handler-watch.ts";
import { watchModuleTimers } from "../../watch/module-timers.ts";
import { createScopeWatch, type ScopeWatch } from "../../watch/scope-watch.ts";

/**
 * Looks at handlers: what they change for the next packet is told as a line of the log. Looking begins with the first
 * handler, so that an instance without any pays nothing.
 */
export function watchHandlers(foreign: readonly string[]): HandlerWatch {
  let watch: ScopeWatch | undefined;
  const create = () =>
    createScopeWatch({
      foreign,
      onLost: ({ text, file, name }) => tell({ message: text, code: "watch.lost_variable", file, name }),
      onFailed: (error) =>
        tell({ message: "the variables cannot be looked at", code: "watch.failed", error: String(error) }),
    });
  return { begin: (call) => (watch ??= create()).begin(call) };
}

/** Tells of timers that the app begins while it is loaded. Returns what MUST be called when it has started. */
export const watchLoading = (foreign: readonly string[]): (() => void) =>
  watchModuleTimers(foreign, ({ text, file, line }) =>
    tell({ message: text, code: "watch.module_timer", file, name: `setInterval:${line}` }),
  );

const tell = (fields: Readonly<Record<string, unknown>>): void =>
  console.error(JSON.stringify({ level: "warn", ...fields }));
