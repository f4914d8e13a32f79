import { createHash } from "node:crypto";
import { runningLog, runWithLog } from "./running.ts";

export interface Logger {
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
}

/** What a line may carry beside its message: codes, ids and counts. Never payloads, headers or tokens. */
export type LogFields = { readonly error?: unknown; readonly [name: string]: unknown };

export const logLevels = ["debug", "info", "warn", "error", "silent"] as const;
export type LogLevel = (typeof logLevels)[number];

/** What the lines have in common that are logged while some code runs. */
export interface LogContext {
  /** Whose work it is. A session id lets anybody speak for its client, so lines have `session` in its place. */
  readonly sid?: string | undefined;
  /** Asked for each line: while the work goes on, more becomes known. */
  readonly fields?: () => LogFields;
}

/** Fields are short; what a client has named must not make a line long. */
const MAX_FIELD_LENGTH = 200;
const MAY_BE_LONG = new Set(["error", "stack"]);

/** Runs code, also what comes after its awaits, so that its lines tell whose work it was. */
export const withLogContext = <T>(context: LogContext, code: () => T): T => runWithLog(context, code);

/** Names a session in logs: the same in all its lines, and of no use to a client. */
export const sessionTag = (sid: string): string =>
  createHash("sha256").update(sid).digest("hex").slice(0, 12);

/** One JSON object a line, as CloudWatch Logs Insights reads it. Errors keep their code and stack. */
export function createLogger(
  level: LogLevel,
  write: (line: string) => void = (line) => process.stdout.write(`${line}\n`),
): Logger {
  const at =
    (own: LogLevel) =>
    (message: string, fields: LogFields = {}) => {
      if (logLevels.indexOf(own) < logLevels.indexOf(level)) return;
      write(JSON.stringify({ level: own, message, ...toLogged(fields) }));
    };
  return { debug: at("debug"), info: at("info"), warn: at("warn"), error: at("error") };
}

/** What is written of a line's fields and its context: flat, short, with no session id in it. */
export function toLogged(fields: LogFields): Record<string, unknown> {
  const { sid, fields: shared } = (runningLog() as LogContext | undefined) ?? {};
  const tag = sid === undefined ? undefined : sessionTag(sid);
  const { error, ...rest } = fields;
  const all = {
    ...(tag === undefined ? {} : { session: tag }),
    ...shared?.(),
    ...rest,
    ...(error === undefined ? {} : toErrorFields(error, rest)),
  };
  return Object.fromEntries(
    Object.entries(all).map(([name, value]) => {
      if (typeof value !== "string") return [name, value];
      // In protocol 3 the id of a socket has the session's in it.
      const safe = sid === undefined || sid === "" ? value : value.replaceAll(sid, `session:${tag}`);
      const isLong = safe.length > MAX_FIELD_LENGTH && !MAY_BE_LONG.has(name);
      return [name, isLong ? `${safe.slice(0, MAX_FIELD_LENGTH)}…` : safe];
    }),
  );
}

/** Its own fields stay out: errors of clients and drivers carry requests. */
function toErrorFields(error: unknown, fields: LogFields): Record<string, unknown> {
  if (!(error instanceof Error)) return { error: String(error) };
  const code = "code" in error && typeof error.code === "string" ? error.code : undefined;
  return {
    error: error.message,
    errorName: error.name,
    ...(code === undefined ? {} : fields["code"] === undefined ? { code } : { errorCode: code }),
    stack: error.stack,
  };
}
