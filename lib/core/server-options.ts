import type { Environment } from "../env.ts";
import {
  engineOptionNames,
  readDuration,
  rejectUnknownOptions,
  resolveEngineOptions,
  type EngineOptions,
  type ResolvedEngineOptions,
} from "./engine-options.ts";
import type { HandlerFailure } from "./internals.ts";

/** Options of a Socket.IO server, under Socket.IO's names where it has them. Times in milliseconds. */
export interface ServerOptions extends EngineOptions {
  /** A client that has joined no namespace by then is disconnected. Default 45 000. */
  connectTimeout?: number;
  /** Serve the stock client at `<path>/socket.io.js`. Default true. */
  serveClient?: boolean;
  /** How long a turn waits for an ack that its handlers have not sent when they end. Default 1 000. */
  ackWait?: number;
  /** Told of every error that a handler throws. It is logged in any case. */
  onError?: (failure: HandlerFailure) => void;
}

export interface ResolvedServerOptions {
  readonly engine: ResolvedEngineOptions;
  readonly ackWaitMs: number;
  readonly onError: ((failure: HandlerFailure) => void) | undefined;
}

export function resolveServerOptions(options: ServerOptions, env: Environment): ResolvedServerOptions {
  rejectUnknownOptions("Server", options, [
    ...engineOptionNames,
    "connectTimeout",
    "serveClient",
    "ackWait",
    "onError",
  ]);
  return {
    engine: resolveEngineOptions(
      {
        ...options,
        connectTimeout: options.connectTimeout ?? 45_000,
        serveClient: options.serveClient ?? true,
      },
      env,
    ),
    ackWaitMs: readDuration("ackWait", options.ackWait ?? 1_000),
    onError: options.onError,
  };
}
