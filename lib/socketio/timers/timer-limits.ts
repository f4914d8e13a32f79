import { described } from "../../described.ts";
import { CoreError } from "../../engine/errors.ts";
import { requireSharedKey } from "../../state/row-limits.ts";
import { serialise } from "../replay/serialise.ts";

/** Timers that are closer are `setTimeout`'s: within a handler. */
export const SHORTEST_MS = 1_000;
/** Thirty days. */
export const LONGEST_MS = 30 * 24 * 60 * 60 * 1_000;
const MAX_NAME_BYTES = 64;
const MAX_PAYLOAD_BYTES = 340 * 1024;

/** @throws {CoreError} `core.timer_bad_name` */
export function requireTimerName(of: string, name: unknown): string {
  if (typeof name === "string" && name !== "" && !/\p{Surrogate}/u.test(name)) {
    const bytes = Buffer.byteLength(name);
    if (bytes <= MAX_NAME_BYTES) return name;
    throw badName(of, `one of ${bytes} bytes`);
  }
  throw badName(of, described(name));
}

/** @throws {CoreError} `core.timer_bad_delay` */
export function requireDelay(what: string, delayMs: unknown): number {
  if (typeof delayMs === "number" && delayMs >= SHORTEST_MS && delayMs <= LONGEST_MS)
    return Math.ceil(delayMs);
  throw new CoreError(
    "core.timer_bad_delay",
    `expected ${what} to be from ${SHORTEST_MS} to ${LONGEST_MS} milliseconds, a second to 30 days, got ${described(delayMs)}`,
  );
}

/** @throws {CoreError} `core.timer_bad_delay` */
export function requireOptions(name: string, options: unknown): void {
  if (typeof options === "object" && options !== null && !Array.isArray(options)) return;
  throw new CoreError(
    "core.timer_bad_delay",
    `expected the time of ${toTitle("timer", name)} as { in: milliseconds }, got ${described(options)}`,
  );
}

/** @throws {CoreError} `core.timer_bad_key`, `state.key_too_long`, `state.malformed_name` */
export function requireTimerKey(name: string, key: unknown): string {
  if (typeof key === "string") return requireSharedKey(key);
  throw new CoreError(
    "core.timer_bad_key",
    `expected the key of ${toTitle("timer", name)} to be a string, got ${described(key)}`,
  );
}

/** The payload as it comes back. Throws `core.unserialisable`, `core.timer_too_large`. */
export function requirePayload(name: string, payload: unknown): unknown {
  if (payload === undefined) return undefined;
  const what = `the payload of ${toTitle("timer", name)}`;
  const text = serialise(payload, what);
  const bytes = Buffer.byteLength(text);
  if (bytes <= MAX_PAYLOAD_BYTES) return JSON.parse(text);
  throw new CoreError(
    "core.timer_too_large",
    `expected ${what} to be at most ${MAX_PAYLOAD_BYTES} bytes, got ${bytes}; keep it in io.shared, and its key here`,
    { evidence: { timer: name, bytes } },
  );
}

/** How one is called in errors and logs. */
export const toTitle = (of: string, name: string): string => `io.${of}(${JSON.stringify(name)})`;

const badName = (of: string, got: string): CoreError =>
  new CoreError(
    "core.timer_bad_name",
    `expected the name of an io.${of} to be text of 1 to ${MAX_NAME_BYTES} bytes, got ${got}`,
  );
