import { described } from "../described.ts";
import { ConfigError } from "../errors.ts";
import { rejectUnknownOptions } from "../engine/engine-options.ts";
import type { Environment } from "../env.ts";

export interface BasicAuthentication {
  readonly type: "basic";
  readonly username: string;
  /** A bcrypt hash, `$2b$10$…`. */
  readonly password: string;
}

/** Where ids are kept that let a page come back without the password: those of `@socket.io/admin-ui` fit. */
export interface Store {
  doesSessionExist(sessionId: string): Promise<boolean>;
  saveSession(sessionId: string): unknown;
}

export interface InstrumentOptions {
  /** Default `/admin`. */
  readonly namespaceName: string;
  /** Who is let in. There is no default: `false` lets everybody in. */
  readonly auth: false | BasicAuthentication;
  /** Whether the page may only look. Default false. */
  readonly readonly: boolean;
  /** What the page calls the deployment. Default: the name of its table, or `nonsticky` where there is none. */
  readonly serverId: string;
  /** Default: the table, for a day. */
  readonly store: Store;
  /** `production`: counts only. Default: `NODE_ENV`, or `development`. */
  readonly mode: "development" | "production";
}

export interface ResolvedOptions {
  readonly namespaceName: string;
  readonly auth: BasicAuthentication | undefined;
  readonly isReadonly: boolean;
  readonly serverId: string;
  readonly store: Store | undefined;
  /** Whether sockets, rooms and events are told one by one. */
  readonly isVerbose: boolean;
}

const names = ["namespaceName", "auth", "readonly", "serverId", "store", "mode"] as const;
const BCRYPT = /^\$2[aby]\$\d\d\$[./A-Za-z0-9]{53}$/;

/** @throws {ConfigError} `config.unknown_option`, `config.bad_option` */
export function resolveInstrumentOptions(
  options: Partial<InstrumentOptions>,
  env: Environment,
): ResolvedOptions {
  rejectUnknownOptions("instrument", options, names);
  const { namespaceName = "/admin", store } = options;
  if (typeof namespaceName !== "string" || namespaceName === "" || namespaceName === "/")
    throw bad("namespaceName", "to name a namespace beside /", namespaceName);
  if (store !== undefined && !isStore(store))
    throw bad("store", "to have doesSessionExist and saveSession", store);
  const mode = options.mode ?? (env["NODE_ENV"] || "development");
  if (options.mode !== undefined && !["development", "production"].includes(mode))
    throw bad("mode", 'to be "development" or "production"', mode);
  return {
    namespaceName: namespaceName.startsWith("/") ? namespaceName : `/${namespaceName}`,
    auth: toAuth(options.auth),
    isReadonly: options.readonly ?? false,
    serverId: options.serverId ?? (env["NONSTICKY_TABLE"] || "nonsticky"),
    store,
    isVerbose: mode === "development",
  };
}

function toAuth(auth: unknown): BasicAuthentication | undefined {
  if (auth === false) return undefined;
  const { type, username, password } = Object(auth) as Partial<Record<keyof BasicAuthentication, unknown>>;
  if (type !== "basic")
    throw bad("auth", 'to be { type: "basic", username, password }, or explicitly false', auth);
  if (typeof username !== "string" || username === "") throw bad("auth.username", "to be a name", username);
  if (typeof password === "string" && BCRYPT.test(password)) return { type, username, password };
  // What was given may be the password itself.
  throw new ConfigError(
    "config.bad_option",
    "expected auth.password to be a bcrypt hash, got something else",
  );
}

const isStore = (store: unknown): boolean =>
  ["doesSessionExist", "saveSession"].every(
    (name) => typeof (Object(store) as Record<string, unknown>)[name] === "function",
  );

const bad = (name: string, rule: string, value: unknown): ConfigError =>
  new ConfigError("config.bad_option", `expected ${name} ${rule}, got ${described(value)}`, {
    evidence: { name },
  });
