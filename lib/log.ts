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

/** One JSON object a line, as CloudWatch Logs Insights reads it. Errors keep their code and stack. */
export function createLogger(
  level: LogLevel,
  write: (line: string) => void = (line) => process.stdout.write(`${line}\n`),
): Logger {
  const at =
    (own: LogLevel) =>
    (message: string, fields: LogFields = {}) => {
      if (logLevels.indexOf(own) < logLevels.indexOf(level)) return;
      const { error, ...rest } = fields;
      write(
        JSON.stringify({ level: own, message, ...rest, ...(error === undefined ? {} : toLogged(error)) }),
      );
    };
  return { debug: at("debug"), info: at("info"), warn: at("warn"), error: at("error") };
}

function toLogged(error: unknown): Record<string, unknown> {
  if (!(error instanceof Error)) return { error: String(error) };
  const code = "code" in error && typeof error.code === "string" ? error.code : undefined;
  return { error: error.message, errorName: error.name, code, stack: error.stack };
}
