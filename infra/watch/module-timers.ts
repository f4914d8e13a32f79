import path from "node:path";
import { fileURLToPath } from "node:url";
import { isMarked } from "./marks.ts";
import type { Place } from "./sources.ts";
import { Sources } from "./sources.ts";

export interface ModuleTimer extends Place {
  /** What has happened, and what to do. */
  readonly text: string;
}

/**
 * Tells of each `setInterval` that the app's own code calls while it is loaded: every instance has one of its own, which
 * stands still while that sleeps. Returns what MUST be called when the app has started: handlers' own are their turn's.
 */
export function watchModuleTimers(
  foreign: readonly string[],
  onFound: (timer: ModuleTimer) => void,
): () => void {
  const sources = new Sources(foreign);
  const original = globalThis.setInterval;
  const watching = (...args: Parameters<typeof setInterval>): NodeJS.Timeout => {
    const place = isWatching ? callerOf(watching) : undefined;
    const isTold =
      place && sources.isOwn(place.file) && !isMarked(sources.linesOf(place.file), place.line - 1);
    if (isTold) onFound({ ...place, text: toText(place, args[1]) });
    return original(...args);
  };
  let isWatching = true;
  Object.defineProperties(watching, Object.getOwnPropertyDescriptors(original));
  globalThis.setInterval = watching;
  return () => {
    isWatching = false;
    if (globalThis.setInterval === watching) globalThis.setInterval = original;
  };
}

function toText({ file, line }: Place, periodMs: unknown): string {
  const place = `${path.relative(process.cwd(), file)}:${line}`;
  const period = typeof periodMs === "number" && periodMs >= 1_000 ? periodMs : 1_000;
  return (
    `${place} setInterval while the app is loaded: each instance has one, and it stands still while that sleeps, as it does ` +
    `between two packets. Use io.every(name, ${period}, handler), which runs once in the whole deployment`
  );
}

/** Who has called a function, by the stack: in the file as it was written where Node follows source maps. */
function callerOf(called: (...args: never[]) => unknown): Place | undefined {
  const holder: { stack?: string } = {};
  Error.captureStackTrace(holder, called);
  const [, first = ""] = (holder.stack ?? "").split("\n");
  const [, where, line] = /\(?((?:file:\/\/)?(?:\/|[A-Za-z]:\\)[^():]*):(\d+):\d+\)?$/.exec(first) ?? [];
  if (where === undefined) return undefined;
  return { file: where.startsWith("file:") ? fileURLToPath(where) : where, line: Number(line) };
}
