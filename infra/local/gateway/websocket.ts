import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { WebSocketServer, type RawData, type WebSocket } from "ws";
import { Turnstile, type Faults } from "../faults.ts";
import type { Pool } from "../lambda/pool.ts";
import { apiId, type RouteKey, type Topology } from "../topology.ts";
import { hasIdentity, readVerdict } from "./authorize.ts";
import { binaryFormOf, type BinaryForm } from "./binary-frames.ts";
import { toCause, type Connection, type Connections } from "./connection.ts";
import {
  createAuthorizerEvent,
  createDisconnectEvent,
  createGatewayId,
  createHandshakeParts,
  createRequestContext,
  type ConnectionFacts,
  type DisconnectCause,
} from "./events.ts";
import type { Integration } from "./integrations.ts";

export interface WebSocketApiOptions {
  readonly topology: Topology;
  readonly connections: Connections;
  readonly integrations: Readonly<Record<RouteKey, Integration>>;
  readonly pool: (functionKey: string) => Pool;
  readonly idleTimeoutMs: number;
  readonly maxDurationMs: number;
  /** Takes binary frames as the Engine.IO text that carries the same bytes (`b` + base64), instead of closing with 1003. */
  readonly allowBinaryFrames: boolean;
  readonly disconnectEventsLost: () => boolean;
  readonly onOpened: (connection: Connection) => void;
  /** Its client has vanished. */
  readonly onDropped: (connection: Connection) => void;
  readonly onClosed: (connection: Connection, cause: DisconnectCause) => void;
  readonly faults: Faults;
  readonly log: (line: string) => void;
}

/** "WebSocket frame size 32 KB": API Gateway quotas for WebSocket APIs. Whole messages here, since clients send one frame each. */
const MAX_INBOUND_BYTES = 32 * 1024;
const CLOSE_TIMEOUT_MS = 2000;

/** The life of a connection: authorizer, `$connect`, 101, frames, `$disconnect`. */
export class WebSocketApi {
  #options: WebSocketApiOptions;
  #server: WebSocketServer;
  #reaper: NodeJS.Timeout;
  #throttled = new Turnstile();
  #lost = new Turnstile();

  constructor(options: WebSocketApiOptions) {
    this.#options = options;
    // In a variable: the published types do not know `closeTimeout` yet.
    const serverOptions = {
      noServer: true,
      clientTracking: false,
      maxPayload: MAX_INBOUND_BYTES,
      // Accepted when it is offered, in these words: seen of API Gateway in a captured handshake.
      perMessageDeflate: { serverMaxWindowBits: 12 },
      closeTimeout: CLOSE_TIMEOUT_MS,
    };
    this.#server = new WebSocketServer(serverOptions);
    const everyMs = Math.max(10, Math.min(options.idleTimeoutMs, options.maxDurationMs, 10_000) / 10);
    this.#reaper = setInterval(() => this.#closeExpired(), everyMs).unref();
  }

  /** Takes an upgrade request through authorizer and `$connect`; 101 comes last, or a refusal. */
  async upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
    socket.on("error", () => {});
    const { topology, integrations } = this.#options;
    const facts: ConnectionFacts = {
      connectionId: createGatewayId(),
      connectedAt: Date.now(),
      stage: topology.stage,
      apiId,
      domainName: request.headers.host ?? "localhost",
      sourceIp: (request.socket.remoteAddress ?? "127.0.0.1").replace(/^::ffff:/, ""),
      userAgent: request.headers["user-agent"],
    };
    if (this.#options.faults.deletedStage === true) return refuse(socket, facts, 403, "Forbidden");
    const parts = createHandshakeParts(request, facts);
    const verdict = await this.#authorize(facts, parts);
    if ("status" in verdict) return refuse(socket, facts, verdict.status, verdict.message);

    const { latencyMs, context: authorizer } = verdict;
    const requestContext = createRequestContext(facts, {
      routeKey: "$connect",
      eventType: "CONNECT",
      authorizer: authorizer && { ...authorizer, integrationLatency: latencyMs },
    });
    const status = await integrations.$connect({ requestContext, parts });
    if (status >= 300) {
      return refuse(socket, facts, status, status === 403 ? "Forbidden" : "Internal server error");
    }
    if (socket.destroyed) return this.#disconnected(facts, authorizer, toCause(1006));
    this.#server.options.maxPayload = this.#options.faults.inboundLimitBytes ?? MAX_INBOUND_BYTES;
    this.#server.handleUpgrade(request, socket, head, (webSocket) =>
      this.#open(webSocket, facts, authorizer, binaryFormOf(request)),
    );
  }

  /** As DELETE of @connections: "the connection is always closed with status code 1000". */
  close(
    connection: Connection,
    cause: DisconnectCause = toCause(this.#options.faults.deletionCloseCode ?? 1000),
  ): void {
    if (connection.closing !== undefined || connection.ended) return;
    connection.closing = cause;
    this.#options.connections.remove(connection);
    if (connection.dropped) this.#end(connection, cause);
    else connection.socket.close(cause.code);
  }

  /** Breaks the client's connection without anybody being told: posts go on to succeed. */
  drop(connection: Connection): void {
    connection.dropped = true;
    this.#options.onDropped(connection);
    connection.socket.terminate();
  }

  /** As if the client had sent this text frame. */
  repeat(connection: Connection, text: string): void {
    this.#onFrame(connection, Buffer.from(text), false);
  }

  /** "Service restart", and nobody waits for an answer. */
  stop(): void {
    clearInterval(this.#reaper);
    for (const { socket } of this.#options.connections.all()) {
      socket.close(1012);
      setImmediate(() => socket.terminate());
    }
    this.#server.close();
  }

  async #authorize(
    facts: ConnectionFacts,
    parts: Record<string, unknown>,
  ): Promise<
    | { readonly context: Record<string, unknown> | undefined; readonly latencyMs: number }
    | { readonly status: number; readonly message: string }
  > {
    const { topology, pool } = this.#options;
    const { authorizer } = topology;
    if (authorizer === undefined) return { context: undefined, latencyMs: 0 };
    const headers = parts["headers"] as Record<string, string>;
    const query = parts["queryStringParameters"] as Record<string, string> | null;
    if (!hasIdentity(authorizer, headers, query)) return { status: 401, message: "Unauthorized" };

    const requestContext = createRequestContext(facts, {
      routeKey: "$connect",
      eventType: "CONNECT",
      authorizer: undefined,
    });
    const event = createAuthorizerEvent(parts, requestContext, topology.region);
    const outcome = await pool(authorizer.functionKey).invoke(event, "authorizer");
    if (outcome.kind !== "answered") this.#options.log(`authorizer ${outcome.kind}: ${outcome.message}`);
    const verdict = readVerdict(outcome, event["methodArn"] as string);
    if (verdict.kind === "refused") return verdict;
    const context = { ...verdict.context, principalId: verdict.principalId };
    return { context, latencyMs: Date.now() - facts.connectedAt };
  }

  #open(
    socket: WebSocket,
    facts: ConnectionFacts,
    authorizer: Record<string, unknown> | undefined,
    binaryForm: BinaryForm,
  ): void {
    const connection: Connection = {
      facts,
      authorizer,
      socket,
      binaryForm,
      lastActiveAtMs: Date.now(),
      dropped: false,
      closing: undefined,
      ended: false,
    };
    this.#options.connections.add(connection);
    this.#options.onOpened(connection);
    socket.on("message", (data, isBinary) => this.#onFrame(connection, data, isBinary));
    socket.on("ping", () => {
      if (this.#options.faults.closesAtPing) this.close(connection);
    });
    socket.on("error", (error: Error & { code?: string }) => {
      // `ws` has answered 1009 or 1007 by itself already.
      const tooBig = error.code === "WS_ERR_UNSUPPORTED_MESSAGE_LENGTH";
      if (tooBig) connection.closing = toCause(1009);
    });
    socket.on("close", (code, reason) => {
      if (!connection.dropped) this.#end(connection, connection.closing ?? toCause(code, reason.toString()));
    });
  }

  #onFrame(connection: Connection, data: RawData, isBinary: boolean): void {
    if (connection.closing !== undefined || connection.dropped) return;
    connection.lastActiveAtMs = Date.now();
    const { faults } = this.#options;
    if (faults.deletedStage === true) return;
    if (this.#throttled.isNext(faults.throttledFrameEvery)) return this.close(connection, toCause(1008));
    if (this.#lost.isNext(faults.lostFrameEvery)) return;
    if (isBinary && !this.#options.allowBinaryFrames) {
      return this.close(connection, toCause(faults.binaryCloseCode ?? 1003));
    }
    const bytes = data as Buffer;
    const body = isBinary ? connection.binaryForm.toText(bytes) : bytes.toString("utf8");
    const requestContext = createRequestContext(connection.facts, {
      routeKey: "$default",
      eventType: "MESSAGE",
      authorizer: connection.authorizer,
    });
    const status = this.#options.integrations.$default({ requestContext, body });
    const tell = (code: number) => {
      if (code < 400) return;
      const { connectionId, requestId } = requestContext;
      connection.socket.send(JSON.stringify({ message: "Internal server error", connectionId, requestId }));
    };
    if (typeof status === "number") tell(status);
    else void status.then(tell).catch(() => this.close(connection, toCause(1011)));
  }

  #end(connection: Connection, cause: DisconnectCause): void {
    if (connection.ended) return;
    connection.ended = true;
    this.#options.connections.remove(connection);
    this.#options.onClosed(connection, cause);
    this.#disconnected(connection.facts, connection.authorizer, cause);
  }

  #disconnected(
    facts: ConnectionFacts,
    authorizer: Record<string, unknown> | undefined,
    cause: DisconnectCause,
  ): void {
    if (this.#options.disconnectEventsLost()) return;
    const requestContext = createRequestContext(facts, {
      routeKey: "$disconnect",
      eventType: "DISCONNECT",
      authorizer,
      cause,
    });
    const { requestContext: _, isBase64Encoded: __, ...parts } = createDisconnectEvent(requestContext);
    void this.#options.integrations.$disconnect({ requestContext, parts });
  }

  #closeExpired(): void {
    const nowMs = Date.now();
    for (const connection of this.#options.connections.all()) {
      const idle = nowMs - connection.lastActiveAtMs >= this.#options.idleTimeoutMs;
      const old = nowMs - connection.facts.connectedAt >= this.#options.maxDurationMs;
      if (idle || old) this.close(connection, toCause(1001));
    }
  }
}

const statusTexts: Readonly<Record<number, string>> = { 401: "Unauthorized", 403: "Forbidden" };

function refuse(socket: Duplex, facts: ConnectionFacts, status: number, message: string): void {
  const body = JSON.stringify({
    message,
    connectionId: facts.connectionId,
    requestId: createGatewayId(),
  });
  socket.end(
    `HTTP/1.1 ${status} ${statusTexts[status] ?? "Internal Server Error"}\r\n` +
      "Content-Type: application/json\r\nConnection: close\r\n" +
      `Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  );
}
