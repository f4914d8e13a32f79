import { described } from "../described.ts";
import { readFlag, type Environment } from "../env.ts";
import { ConfigError } from "../errors.ts";
import { createCustomCodec, type Parser } from "../protocol/custom-codec.ts";
import { defaultCodec, type PacketCodec } from "../protocol/packet.ts";
import {
  engineOptionNames,
  readDuration,
  rejectUnknownOptions,
  resolveEngineOptions,
  type EngineOptions,
  type ResolvedEngineOptions,
} from "../engine/engine-options.ts";
import type { HandlerFailure } from "./replay/handler-failure.ts";
import type { RecoveryOptions } from "./recovery/recovery.ts";
import { resolveRecovery, type ConnectionStateRecovery } from "./recovery/recovery-options.ts";

/** Options of a Socket.IO server, under Socket.IO's names where it has them. Times in milliseconds. */
export interface ServerOptions extends EngineOptions {
  /** A client that has joined no namespace by then is disconnected. Default 45 000. */
  connectTimeout?: number;
  /** Serve the stock client at `<path>/socket.io.js`. Default true. */
  serveClient?: boolean;
  /** Accepted, without effect: the children of dynamic namespaces are virtual, so there is nothing to clean up. */
  cleanupEmptyChildNamespaces?: boolean;
  /**
   * Another parser than the stock one, `{ Encoder, Decoder }`, as clients have it: `socket.io-msgpack-parser`, say.
   * Clients whose parser writes bytes must be told `forceBase64: true`, for API Gateway takes no binary frames.
   */
  parser?: Parser;
  /**
   * Whether packets of two instances may meet on their way to one WebSocket. `shared`: they may, which the stock parser
   * takes for a broken stream when one of them has attachments. `exclusive`: whoever writes to a client takes a lease
   * on it, two writes a packet or run of packets. Default `shared`; a parser with one frame a packet needs no other.
   */
  outbound?: "shared" | "exclusive";
  /**
   * Gives a client that comes back its id, rooms, data, and the packets it has missed. Each emit then costs a write per
   * room and one when it is done. Default: the stage's `recovery`; without it, off.
   */
  connectionStateRecovery?: ConnectionStateRecovery;
  /**
   * Compares each replay of a connection listener with its live run, and logs the first difference: one write per
   * connected socket. Default: the stage's `replayDigest`; without it, true.
   */
  replayDigest?: boolean;
  /** How long a turn waits for an ack that its handlers have not sent when they end. Default 1 000. */
  ackWait?: number;
  /** Told of every error that a handler throws. It is logged in any case, and so is what this throws itself. */
  onError?: (failure: HandlerFailure) => void;
}

export interface ResolvedServerOptions {
  readonly recovery: RecoveryOptions | undefined;
  readonly replayDigest: boolean;
  readonly engine: ResolvedEngineOptions;
  readonly codec: PacketCodec;
  readonly isExclusive: boolean;
  readonly connectTimeoutMs: number;
  readonly ackWaitMs: number;
  readonly onError: ((failure: HandlerFailure) => void) | undefined;
}

export function resolveServerOptions(options: ServerOptions, env: Environment): ResolvedServerOptions {
  rejectUnknownOptions("Server", options, [
    ...engineOptionNames,
    "connectTimeout",
    "serveClient",
    "cleanupEmptyChildNamespaces",
    "parser",
    "outbound",
    "connectionStateRecovery",
    "replayDigest",
    "ackWait",
    "onError",
  ]);
  const connectTimeout = options.connectTimeout ?? 45_000;
  const engine = resolveEngineOptions(
    {
      ...options,
      connectTimeout,
      serveClient: options.serveClient ?? true,
    },
    env,
  );
  return {
    codec: readParser(options.parser),
    isExclusive: readOutbound(options.outbound) === "exclusive",
    connectTimeoutMs: connectTimeout,
    engine,
    recovery: resolveRecovery(options.connectionStateRecovery, engine, env),
    replayDigest: options.replayDigest ?? readFlag(env, "NONSTICKY_REPLAY_DIGEST") ?? true,
    ackWaitMs: readDuration("ackWait", options.ackWait ?? 1_000),
    onError: options.onError,
  };
}

function readOutbound(outbound: unknown = "shared"): "shared" | "exclusive" {
  if (outbound === "shared" || outbound === "exclusive") return outbound;
  throw new ConfigError(
    "config.bad_option",
    `expected outbound to be "shared" or "exclusive", got ${described(outbound)}`,
    { evidence: { name: "outbound" } },
  );
}

/** A module that was imported whole has its exports under `default`, if it is CommonJS. */
function readParser(parser: unknown): PacketCodec {
  if (parser === undefined) return defaultCodec;
  const { default: inner } = Object(parser) as { readonly default?: unknown };
  const found = [parser, inner].find(isParser);
  if (found) return createCustomCodec(found);
  throw new ConfigError(
    "config.bad_option",
    `expected parser to be { Encoder, Decoder }, got ${parser === null ? "null" : `${described(parser)} without them`}`,
    { evidence: { name: "parser" } },
  );
}

function isParser(parser: unknown): parser is Parser {
  const { Encoder, Decoder } = Object(parser) as { readonly Encoder?: unknown; readonly Decoder?: unknown };
  return typeof Encoder === "function" && typeof Decoder === "function";
}
