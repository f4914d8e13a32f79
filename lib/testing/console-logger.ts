import { logLevels, type LogFields, type Logger, type LogLevel } from "../log.ts";

/** Lines for somebody who reads them: the message, and what came with it as the console shows objects and errors. */
export function createConsoleLogger(level: LogLevel): Logger {
  const at =
    (own: Exclude<LogLevel, "silent">) =>
    (message: string, fields: LogFields = {}) => {
      // eslint-disable-next-line no-console -- where test runners look: they show it with its test
      if (logLevels.indexOf(own) >= logLevels.indexOf(level)) console[own](`nonsticky: ${message}`, fields);
    };
  return { debug: at("debug"), info: at("info"), warn: at("warn"), error: at("error") };
}
