import { described } from "../../described.ts";
import { readOptional, type Environment } from "../../env.ts";
import { ConfigError } from "../../errors.ts";
import { rejectUnknownOptions, type ResolvedEngineOptions } from "../../engine/engine-options.ts";
import type { RecoveryOptions } from "./recovery.ts";

/** Options of connection state recovery, under Socket.IO's names where it has them. */
export interface ConnectionStateRecovery {
  /** A client that was away for longer, in milliseconds, begins anew; at most 20 minutes. Default 120 000. */
  maxDisconnectionDuration?: number;
  /** Whether middlewares are left out when a client's state is recovered. Default true, as in Socket.IO. */
  skipMiddlewares?: boolean;
  /** Whether a client is recovered that had received no event yet. Default false, as in Socket.IO. */
  withoutEvents?: boolean;
}

const DEFAULT_MS = 120_000;
/** Rows of a session outlive its connection by half an hour at least. */
const MAX_MS = 20 * 60_000;
/** The heartbeat's walk comes once a minute, and any of its invocations may be late. */
const SWEEP_MS = 120_000;

/**
 * The option is the source; the stage's `recovery`, `off` or the duration, sets the default. Undefined: off. Apps in
 * JavaScript also say `true` and `false`, as Socket.IO lets them.
 */
export function resolveRecovery(
  option: ConnectionStateRecovery | boolean | undefined,
  { pingIntervalMs, pingTimeoutMs }: Pick<ResolvedEngineOptions, "pingIntervalMs" | "pingTimeoutMs">,
  env: Environment,
): RecoveryOptions | undefined {
  const asked = option ?? fromEnvironment(env);
  if (asked === undefined || asked === false) return undefined;
  const given = asked === true ? {} : asked;
  rejectUnknownOptions("connectionStateRecovery", given, [
    "maxDisconnectionDuration",
    "skipMiddlewares",
    "withoutEvents",
  ]);
  const maxDisconnectionMs = given.maxDisconnectionDuration ?? DEFAULT_MS;
  if (typeof maxDisconnectionMs !== "number" || !(maxDisconnectionMs > 0 && maxDisconnectionMs <= MAX_MS)) {
    throw new ConfigError(
      "config.bad_option",
      `expected maxDisconnectionDuration to be more than 0 and up to ${MAX_MS} ms, got ${described(maxDisconnectionMs)}`,
      { evidence: { name: "maxDisconnectionDuration" } },
    );
  }
  return {
    maxDisconnectionMs,
    skipMiddlewares: given.skipMiddlewares ?? true,
    withoutEvents: given.withoutEvents ?? false,
    unnoticedMs: pingIntervalMs + pingTimeoutMs + SWEEP_MS,
  };
}

function fromEnvironment(env: Environment): ConnectionStateRecovery | undefined {
  const value = readOptional(env, "NONSTICKY_RECOVERY") ?? "off";
  if (value === "off") return undefined;
  const ms = Number(value);
  if (Number.isFinite(ms)) return { maxDisconnectionDuration: ms };
  throw new ConfigError(
    "config.bad_environment",
    `expected NONSTICKY_RECOVERY to be off or milliseconds, got ${JSON.stringify(value)}`,
    { evidence: { name: "NONSTICKY_RECOVERY" } },
  );
}
