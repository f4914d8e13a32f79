import { createServer, type Server as HttpServer } from "node:http";
import type { Http2SecureServer, Http2Server } from "node:http2";
import type { Server as HttpsServer } from "node:https";
import { ConfigError } from "../errors.ts";
import { currentHost, pretendToListen } from "../engine/hosted-app.ts";
import type { Logger } from "../log.ts";

/** What an app gives a `Server` to attach to: its HTTP server, or the port of one. */
export type Attachable = HttpServer | HttpsServer | Http2Server | Http2SecureServer | number | string;

/** Whether the first argument of `new Server()` is no options: something to attach to, or what is refused as that. */
export const isAttachable = (given: unknown): given is Attachable =>
  typeof given === "object" ? given !== null && "listen" in given : given !== undefined;

/**
 * The server whose other requests are answered beside the clients': the given one, or one that answers nothing. Throws
 * `config.no_server_to_attach` for an Express app, as Socket.IO does, and for what is no port.
 */
export function toHttpServer(given: unknown): HttpServer {
  if (isPort(given)) return listenInName(createServer(), Number(given));
  if (typeof given === "object" && given !== null && "listen" in given) return given as HttpServer;
  const what =
    typeof given === "function"
      ? "a request listener such as an Express app: `http.createServer(app)` makes a server of it"
      : String(given);
  throw new ConfigError(
    "config.no_server_to_attach",
    `expected an HTTP server or a port to attach to, got ${what}`,
  );
}

/** Says that an app which was started by itself serves no clients, where it cannot have meant that. */
export function warnWhenListening(server: HttpServer, logger: () => Logger): void {
  if (currentHost() !== undefined) return;
  server.once("listening", () => {
    logger().warn(
      "this process listens, and no client of Socket.IO is served by it: start the app with `nonsticky dev --app FILE`",
      { code: "core.no_server" },
    );
  });
}

const isPort = (given: unknown): boolean =>
  (typeof given === "number" || (typeof given === "string" && given.trim() !== "")) &&
  Number.isInteger(Number(given));

/** A server that exists for its listeners alone: nothing of it listens, wherever the app runs. */
function listenInName(server: HttpServer, port: number): HttpServer {
  pretendToListen(server, [port]);
  return server;
}
