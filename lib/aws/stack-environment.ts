import { readFlag, readOptional, readRequired, type Environment } from "../env.ts";
import { ConfigError } from "../errors.ts";
import { logLevels, type LogLevel } from "../log.ts";
import type { DeploymentRecord } from "../state/deployment.ts";

/** Whether frames go through the queue. Throws `config.bad_environment`, as all of these do. */
export function isOrdered(env: Environment): boolean {
  const ordering = readOptional(env, "NONSTICKY_ORDERING") ?? "fifo";
  if (ordering === "fifo" || ordering === "direct") return ordering === "fifo";
  throw new ConfigError(
    "config.bad_environment",
    `expected NONSTICKY_ORDERING to be fifo or direct, got ${JSON.stringify(ordering)}`,
  );
}

/** Where the mailbox is, for processes outside of the stack. */
export function readDeployment(env: Environment): Omit<DeploymentRecord, "savedAtMs"> {
  const name = readOptional(env, "NONSTICKY_FANOUT_FUNCTION");
  const fanOut = name === undefined ? {} : { fanOutFunction: name };
  if (!isOrdered(env)) return { inboxFunction: readRequired(env, "NONSTICKY_INBOX_FUNCTION"), ...fanOut };
  const alarmsUrl = readOptional(env, "NONSTICKY_ALARMS_URL");
  return {
    mailboxUrl: readRequired(env, "NONSTICKY_MAILBOX_URL"),
    ...fanOut,
    ...(alarmsUrl === undefined ? {} : { alarmsUrl }),
  };
}

export const isMetered = (env: Environment): boolean => readFlag(env, "NONSTICKY_METRICS") ?? true;

/** The dimensions of every metric. */
export const toStack = (env: Environment, service: string) => ({
  service,
  stage: readOptional(env, "NONSTICKY_STAGE") ?? "none",
  functionName: readOptional(env, "AWS_LAMBDA_FUNCTION_NAME") ?? "none",
});

export function readLogLevel(env: Environment): LogLevel {
  const value = readOptional(env, "NONSTICKY_LOG_LEVEL") ?? "info";
  const level = logLevels.find((known) => known === value);
  if (level) return level;
  throw new ConfigError(
    "config.bad_environment",
    `expected NONSTICKY_LOG_LEVEL to be one of ${logLevels.join(", ")}, got ${JSON.stringify(value)}`,
  );
}
