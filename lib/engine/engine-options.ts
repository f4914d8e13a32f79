import type { SerializeOptions } from "cookie";
import type { CorsOptions } from "cors";
import { described } from "../described.ts";
import { ConfigError } from "../errors.ts";
import { readMs, readOptional, type Environment } from "../env.ts";
import type { HandshakeRecord } from "../state/records.ts";

/** The request a client arrives with, as far as `allowRequest` can see it on API Gateway. */
export interface HandshakeRequest extends HandshakeRecord {
  readonly method: "GET";
}

/** Options of the layer below Socket.IO. Times in milliseconds, sizes in bytes, as in Engine.IO. */
export interface EngineOptions {
  /** Where clients connect. Default `/socket.io`. */
  path?: string;
  /**
   * The server pings this often. Default 240 000: on API Gateway every ping cycle is paid for. Under 60 000 the
   * heartbeat function runs all the time.
   */
  pingInterval?: number;
  /** A client that has not answered for this long is gone. Default 120 000; at least 90 000 for the default interval. */
  pingTimeout?: number;
  /** Announced as `maxPayload`; frames over WebSocket are limited to 32 KB by API Gateway in any case. Default 1e6. */
  maxHttpBufferSize?: number;
  /**
   * Packets in the body of one POST; a client that sends more is disconnected. Default 20 000, which is what somebody
   * who emits sixty times a second has waiting after five minutes without a network.
   */
  maxPacketsPerPayload?: number;
  /**
   * Frames of one client in a minute, over either transport; one that sends more is disconnected. Default 30 000: the
   * backlog of five minutes without a network, at sixty packets a second, and what follows it.
   */
  maxFramesPerMinute?: number;
  /** Which transports clients may use. Default both; a client starts with polling unless it is told otherwise. */
  transports?: readonly ("polling" | "websocket")[];
  /** Whether a polling client may go on over a WebSocket. Default true where one URL serves both: see `edge`. */
  allowUpgrades?: boolean;
  /** A WebSocket that has not taken over by then is closed, and polling goes on. Default 10 000. */
  upgradeTimeout?: number;
  /** How long a GET is held when there is nothing to send; HTTP APIs end requests at 29 s. Default 20 000. */
  pollHold?: number;
  /** As the `cors` package takes it. Without it, pages of other origins cannot poll. */
  cors?: CorsOptions;
  /** A cookie with the session id on the first answer; `true` for `io`. Default none. */
  cookie?: boolean | CookieOptions;
  /** Compress answers to GETs from this many bytes on; `false` for never. Default `{ threshold: 1024 }`. */
  httpCompression?: boolean | { threshold?: number };
  /** Accepted as `false`, without effect: whether frames are compressed is API Gateway's to say. Default `false`, as in Socket.IO. */
  perMessageDeflate?: false;
  /** Accepted, without effect: a request reaches this only when API Gateway has its whole body. */
  httpRequestBodyTimeout?: number;
  /** Accepted, without effect, for the same reason. */
  maxBufferedChunks?: number;
  /**
   * Whether clients of Socket.IO 2 may connect. Default false. Their `socket.id` is their session's own, as in
   * Socket.IO: whoever learns it can poll in their place, until they are on a WebSocket.
   */
  allowEIO3?: boolean;
  /** Decides whether a client may open a session. Called once, before anything is stored. */
  allowRequest?: (
    request: HandshakeRequest,
    callback: (error: string | null | undefined, success: boolean) => void,
  ) => void;
}

/** `name`, and the attributes of `Set-Cookie` as the `cookie` package takes them. */
export interface CookieOptions extends SerializeOptions {
  name?: string;
}

export interface ResolvedEngineOptions {
  readonly path: string;
  readonly pingIntervalMs: number;
  readonly pingTimeoutMs: number;
  readonly maxPayloadBytes: number;
  readonly maxPacketsPerPayload: number;
  readonly maxFramesPerMinute: number;
  /** A session that has joined no namespace by then is closed; undefined: none is. */
  readonly connectTimeoutMs: number | undefined;
  readonly allowRequest: EngineOptions["allowRequest"];
  readonly serveClient: boolean;
  readonly transports: readonly string[];
  readonly allowUpgrades: boolean;
  readonly allowEIO3: boolean;
  readonly upgradeTimeoutMs: number;
  readonly pollHoldMs: number;
  readonly cors: CorsOptions | undefined;
  readonly cookie: CookieOptions | undefined;
  /** Undefined: never. */
  readonly compressFromBytes: number | undefined;
}

/** Longest delay a JavaScript timer takes: beyond it a client would disconnect at once. */
const MAX_TIMER_MS = 2_147_483_647;
/** API Gateway ends an HTTP request at 30 s with a 503. */
const MAX_POLL_HOLD_MS = 25_000;

export const engineOptionNames = [
  "path",
  "pingInterval",
  "pingTimeout",
  "maxHttpBufferSize",
  "maxPacketsPerPayload",
  "maxFramesPerMinute",
  "transports",
  "allowUpgrades",
  "upgradeTimeout",
  "pollHold",
  "cors",
  "cookie",
  "httpCompression",
  "perMessageDeflate",
  "httpRequestBodyTimeout",
  "maxBufferedChunks",
  "allowEIO3",
  "allowRequest",
] as const;

/** The option is the source; the stage's environment sets the default. */
export function resolveEngineOptions(
  options: EngineOptions & { connectTimeout?: number | undefined; serveClient?: boolean | undefined },
  env: Environment,
): ResolvedEngineOptions {
  refuseDeflate(options.perMessageDeflate);
  const resolved = {
    path: readPath(options.path ?? readOptional(env, "NONSTICKY_PATH") ?? "/socket.io"),
    pingIntervalMs: readWhole(
      "pingInterval",
      options.pingInterval ?? readMs(env, "NONSTICKY_PING_INTERVAL_MS") ?? 240_000,
    ),
    pingTimeoutMs: readDuration(
      "pingTimeout",
      options.pingTimeout ?? readMs(env, "NONSTICKY_PING_TIMEOUT_MS") ?? 120_000,
    ),
    maxPayloadBytes: readDuration("maxHttpBufferSize", options.maxHttpBufferSize ?? 1_000_000),
    maxFramesPerMinute: readWhole("maxFramesPerMinute", options.maxFramesPerMinute ?? 30_000),
    maxPacketsPerPayload: readWhole("maxPacketsPerPayload", options.maxPacketsPerPayload ?? 20_000),
    connectTimeoutMs:
      options.connectTimeout === undefined
        ? undefined
        : readDuration("connectTimeout", options.connectTimeout),
    allowRequest: options.allowRequest,
    serveClient: options.serveClient ?? false,
    transports: readTransports(options.transports ?? ["polling", "websocket"]),
    allowUpgrades: options.allowUpgrades ?? readOptional(env, "NONSTICKY_UPGRADES") !== "none",
    allowEIO3: options.allowEIO3 ?? false,
    upgradeTimeoutMs: readDuration("upgradeTimeout", options.upgradeTimeout ?? 10_000),
    pollHoldMs: Math.min(readDuration("pollHold", options.pollHold ?? 20_000), MAX_POLL_HOLD_MS),
    cors: options.cors,
    cookie: readCookie(options.cookie),
    compressFromBytes: readCompression(options.httpCompression),
  };
  if (resolved.pingIntervalMs + resolved.pingTimeoutMs > MAX_TIMER_MS) {
    throw new ConfigError(
      "config.bad_option",
      `expected pingInterval + pingTimeout to be at most ${MAX_TIMER_MS} ms, got ${resolved.pingIntervalMs + resolved.pingTimeoutMs}`,
    );
  }
  return resolved;
}

function refuseDeflate(perMessageDeflate: unknown): void {
  if (perMessageDeflate === undefined || perMessageDeflate === false) return;
  throw new ConfigError(
    "config.bad_option",
    `expected perMessageDeflate to be false, for API Gateway has the WebSockets, got ${described(perMessageDeflate)}`,
    { evidence: { name: "perMessageDeflate" } },
  );
}

function readTransports(transports: unknown): readonly string[] {
  const known = ["polling", "websocket"];
  if (
    Array.isArray(transports) &&
    transports.length > 0 &&
    transports.every((name) => known.includes(name as string))
  ) {
    return transports as string[];
  }
  throw new ConfigError(
    "config.bad_option",
    `expected transports to be a list of ${known.join(" and ")}, got ${JSON.stringify(transports)}`,
  );
}

/** Engine.IO's defaults of the cookie. */
function readCookie(cookie: EngineOptions["cookie"]): CookieOptions | undefined {
  if (cookie === undefined || cookie === false) return undefined;
  return { name: "io", path: "/", httpOnly: true, sameSite: "lax", ...(cookie === true ? {} : cookie) };
}

function readCompression(compression: EngineOptions["httpCompression"]): number | undefined {
  if (compression === false) return undefined;
  return (compression === true ? undefined : compression?.threshold) ?? 1024;
}

/**
 * An option we do not know is a typing error or a feature we do not have: either way the app would not do as told. So is
 * what is no object of options at all.
 *
 * @throws {ConfigError} `config.unknown_option`, `config.bad_option`
 */
export function rejectUnknownOptions(owner: string, options: unknown, known: readonly string[]): void {
  const names = [...known].sort().join(", ");
  if (typeof options !== "object" || options === null || Array.isArray(options)) {
    const wanted = known.length === 0 ? "no options" : `options in an object, { ${names} },`;
    // It may be a secret, in the place of an object that has it.
    const got = typeof options === "string" ? "a string" : described(options);
    throw new ConfigError("config.bad_option", `expected ${wanted} of ${owner}, got ${got}`, {
      evidence: { name: owner },
    });
  }
  for (const name of Object.keys(options)) {
    if (known.includes(name)) continue;
    const wanted = known.length === 0 ? `no options of ${owner}` : `an option of ${owner} (${names})`;
    throw new ConfigError("config.unknown_option", `expected ${wanted}, got ${JSON.stringify(name)}`, {
      evidence: { name },
    });
  }
}

/** An interval, too: sessions are found by the remainder of their age by it, in whole milliseconds. */
function readWhole(name: string, value: unknown): number {
  if (Number.isInteger(value)) return readDuration(name, value);
  throw new ConfigError(
    "config.bad_option",
    `expected ${name} to be a whole number, got ${described(value)}`,
    {
      evidence: { name },
    },
  );
}

export function readDuration(name: string, value: unknown): number {
  if (typeof value === "number" && Number.isFinite(value) && value > 0) return value;
  throw new ConfigError(
    "config.bad_option",
    `expected ${name} to be a positive number, got ${described(value)}`,
    {
      evidence: { name },
    },
  );
}

function readPath(path: unknown): string {
  if (typeof path === "string" && path.startsWith("/") && path.length > 1) return path.replace(/\/$/, "");
  throw new ConfigError("config.bad_option", `expected path to begin with "/", got ${JSON.stringify(path)}`);
}
