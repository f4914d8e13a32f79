import { described } from "../../described.ts";
import { CoreError } from "../../engine/errors.ts";
import { rejectUnknownOptions } from "../../engine/engine-options.ts";
import { NEVER_SECONDS, sessionExpiresAtSeconds } from "../../state/expiry.ts";
import { requireSharedKey } from "../../state/row-limits.ts";
import type { SharedEntry, SharedRange } from "../../state/shared-store.ts";
import { SocketState } from "../replay/socket-state.ts";

const LEAST_TTL_MS = 1_000;

/** Anything with the state of a socket: a `Socket`. */
export interface EntryOwner {
  readonly internalState: SocketState;
}

export interface SharedSetOptions {
  /** How long the entry is there, in milliseconds, 1,000 or more; it goes at a whole second. Default: until it is deleted. */
  readonly ttl?: number;
  /** The socket with which it goes, also when that is cut off or its instance crashes. */
  readonly owner?: EntryOwner;
}

/** What of a map is meant: all of it, keys that begin with `prefix`, or keys from `from` to `to`, both included. */
export type SharedKeyRange = { readonly prefix?: string } | { readonly from?: string; readonly to?: string };

/**
 * @throws {CoreError} `core.shared_bad_ttl`, `core.shared_bad_owner`
 * @throws {ConfigError} `config.unknown_option`, `config.bad_option`
 */
export function toLifetime(
  options: SharedSetOptions,
  nowMs: number,
): { readonly state: SocketState | undefined } & Pick<SharedEntry, "expiresAtSeconds" | "owner"> {
  rejectUnknownOptions("io.shared().set", options, ["ttl", "owner"]);
  const state = options.owner === undefined ? undefined : requireOwner(options.owner);
  const ends = [
    ...(options.ttl === undefined ? [] : [Math.ceil((nowMs + requireTtl(options.ttl)) / 1000)]),
    // By then the session of its owner is over, whatever becomes of its close.
    ...(state === undefined ? [] : [sessionExpiresAtSeconds(state.sid)]),
  ];
  return {
    state,
    expiresAtSeconds: Math.min(NEVER_SECONDS, ...ends),
    ...(state === undefined ? {} : { owner: { sid: state.sid, socketId: state.id } }),
  };
}

/**
 * @throws {CoreError} `core.shared_bad_range`, `state.key_too_long`, `state.malformed_name`
 * @throws {ConfigError} `config.unknown_option`, `config.bad_option`
 */
export function toRange(range: SharedKeyRange): SharedRange {
  rejectUnknownOptions("the keys of io.shared()", range, ["prefix", "from", "to"]);
  const { prefix, from, to } = range as SharedRange;
  if (prefix !== undefined && (from !== undefined || to !== undefined)) {
    throw new CoreError("core.shared_bad_range", "expected a prefix, or from and to, got both");
  }
  requireEnd("prefix", prefix);
  requireEnd("from", from);
  requireEnd("to", to);
  return {
    ...(prefix === undefined ? {} : { prefix }),
    ...(from === undefined ? {} : { from }),
    ...(to === undefined ? {} : { to }),
  };
}

/** @throws {CoreError} `core.shared_bad_key`, `state.key_too_long`, `state.malformed_name` */
export function requireKey(key: string): string {
  if (typeof key === "string") return requireSharedKey(key);
  throw new CoreError("core.shared_bad_key", `expected a key that is a string, got ${described(key)}`);
}

function requireEnd(name: string, end: unknown): void {
  if (typeof end === "string") requireSharedKey(end);
  else if (end !== undefined) {
    throw new CoreError(
      "core.shared_bad_range",
      `expected ${name} of a range of keys to be a string, got ${described(end)}`,
    );
  }
}

/** Rows end at whole seconds; and whoever thinks in seconds, as Redis and DynamoDB do, is told. */
function requireTtl(ttl: number): number {
  if (Number.isFinite(ttl) && ttl >= LEAST_TTL_MS) return ttl;
  throw new CoreError(
    "core.shared_bad_ttl",
    `expected ttl to be a finite number of milliseconds from ${LEAST_TTL_MS} on, got ${described(ttl)}`,
  );
}

function requireOwner(owner: EntryOwner): SocketState {
  const state: unknown = (owner as Partial<EntryOwner> | null)?.internalState;
  if (!(state instanceof SocketState)) {
    throw new CoreError("core.shared_bad_owner", `expected a socket for an owner, got ${described(owner)}`);
  }
  if (state.connected) return state;
  throw new CoreError(
    "core.shared_bad_owner",
    "expected an owner that is connected, got a socket that has left, or that a middleware has not let in yet; " +
      "set its entries from the connection listener on",
  );
}
