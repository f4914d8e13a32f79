import { described } from "../described.ts";
import { rejectUnknownOptions } from "../engine/engine-options.ts";
import { ConfigError } from "../errors.ts";
import { logLevels } from "../log.ts";

interface Rule {
  readonly isFit: (value: unknown) => boolean;
  readonly words: string;
}

const isBoolean: Rule = { isFit: (value) => typeof value === "boolean", words: "true or false" };

const rules: Readonly<Record<string, Rule>> = {
  port: {
    isFit: (value) => Number.isInteger(value) && Number(value) >= 0 && Number(value) <= 65_535,
    words: "a whole number from 0 to 65535",
  },
  instances: {
    isFit: (value) => Number.isInteger(value) && Number(value) >= 1,
    words: "a whole number of at least 1",
  },
  replace: {
    isFit: (value) => Array.isArray(value) && value.every((name) => typeof name === "string"),
    words: 'a list of packages, ["socket.io"]',
  },
  keep: isBoolean,
  logLevel: {
    isFit: (value) => logLevels.some((level) => level === value),
    words: `one of ${logLevels.join(", ")}`,
  },
  watch: isBoolean,
  onRequest: { isFit: (value) => typeof value === "function", words: "a function (request, response)" },
};

/** @throws {ConfigError} `config.unknown_option`, `config.bad_option` */
export function requireServeOptions(options: unknown): void {
  rejectUnknownOptions("serve", options, Object.keys(rules));
  for (const [name, { isFit, words }] of Object.entries(rules)) {
    const value = (options as Readonly<Record<string, unknown>>)[name];
    if (value === undefined || isFit(value)) continue;
    throw new ConfigError("config.bad_option", `expected ${name} to be ${words}, got ${described(value)}`, {
      evidence: { name },
    });
  }
}
