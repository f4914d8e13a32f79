import { ConfigError } from "./errors.ts";

export type Environment = Readonly<Record<string, string | undefined>>;

/** The value of a variable that must be set. */
export function readRequired(env: Environment, name: string): string {
  const value = env[name];
  if (value === undefined || value === "") {
    throw new ConfigError(
      "config.missing_environment",
      `expected the environment variable ${name} to be set, got ${value === undefined ? "nothing" : "an empty string"}`,
      { evidence: { name } },
    );
  }
  return value;
}

export const readOptional = (env: Environment, name: string): string | undefined => env[name] || undefined;

/** A positive number of milliseconds, or undefined when the variable is not set. */
export function readMs(env: Environment, name: string): number | undefined {
  const value = readOptional(env, name);
  if (value === undefined) return undefined;
  const ms = Number(value);
  if (Number.isFinite(ms) && ms > 0) return ms;
  throw new ConfigError(
    "config.bad_environment",
    `expected ${name} to be a positive number of milliseconds, got ${JSON.stringify(value)}`,
    { evidence: { name } },
  );
}

/** A whole number above zero, or undefined when the variable is not set. */
export function readCount(env: Environment, name: string): number | undefined {
  const value = readOptional(env, name);
  if (value === undefined) return undefined;
  if (/^[1-9]\d*$/.test(value)) return Number(value);
  throw new ConfigError(
    "config.bad_environment",
    `expected ${name} to be a whole number above zero, got ${JSON.stringify(value)}`,
    { evidence: { name } },
  );
}

/** `true` or `false`, or undefined when the variable is not set. */
export function readFlag(env: Environment, name: string): boolean | undefined {
  const value = readOptional(env, name);
  if (value === undefined || value === "true" || value === "false")
    return value === undefined ? undefined : value === "true";
  throw new ConfigError(
    "config.bad_environment",
    `expected ${name} to be true or false, got ${JSON.stringify(value)}`,
    { evidence: { name } },
  );
}
