import { randomBytes } from "node:crypto";
import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { WebSocketServer, type RawData, type WebSocket } from "ws";
import type { Admission, Arrival } from "../engine/handshake/admission.ts";
import type { Letter } from "../engine/letter.ts";
import type { Mailbox } from "../engine/mailbox.ts";
import type { PostOutcome, Transport } from "../engine/transport.ts";
import { toConnectionId, type ConnectionId, type Sid } from "../ids.ts";
import type { Logger } from "../log.ts";
import { MAX_INBOUND_FRAME_BYTES, MAX_POST_BYTES } from "../protocol/limits.ts";
import { toCaller } from "./caller.ts";
import type { Work } from "./work.ts";

export interface SocketGatewayOptions {
  readonly mailbox: Mailbox;
  readonly admit: (arrival: Arrival) => Promise<Admission>;
  readonly work: Work;
  readonly logger: Logger;
}

const CLOSE_TIMEOUT_MS = 1_000;
const NORMAL = 1000;
const UNSUPPORTED_DATA = 1003;
const ABNORMAL = 1006;

/** The WebSocket side of API Gateway: what comes in are letters, what goes out are posts. */
export class SocketGateway implements Transport {
  readonly #options: SocketGatewayOptions;
  /** Those that have been opened and not been ended from here. */
  readonly #connections = new Map<ConnectionId, WebSocket>();
  /** What connections were ended with from here, until they are gone. */
  readonly #codes = new Map<ConnectionId, number>();
  readonly #server: WebSocketServer;
  /** To be done when the code that makes them, and all that it has waiting which needs no I/O, has run. */
  readonly #requests: (() => void)[] = [];

  constructor(options: SocketGatewayOptions) {
    this.#options = options;
    // In a variable: the published types do not know `closeTimeout` yet.
    const serverOptions = {
      noServer: true,
      // Also ended by this server, and not in `#connections` any more.
      clientTracking: true,
      // Beyond it, `ws` closes with 1009, as API Gateway does.
      maxPayload: MAX_INBOUND_FRAME_BYTES,
      perMessageDeflate: false,
      closeTimeout: CLOSE_TIMEOUT_MS,
    };
    this.#server = new WebSocketServer(serverOptions);
  }

  async upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
    const { admit, logger, work } = this.#options;
    const end = work.begin();
    socket.on("error", () => undefined);
    const connectionId = toConnectionId(`${randomBytes(11).toString("base64url")}=`);
    try {
      const admission = await admit({ ...toCaller(request), connectionId });
      if (!admission.admitted) {
        const { code, message: reason, error } = admission;
        logger.info("a connection was refused", { code, reason, ...(error === undefined ? {} : { error }) });
        return refuse(socket, 403, "Forbidden");
      }
      const { sid } = admission;
      if (socket.destroyed) return this.#closed(sid, connectionId, ABNORMAL);
      this.#server.handleUpgrade(request, socket, head, (webSocket) =>
        this.#open(webSocket, sid, connectionId),
      );
    } catch (error) {
      logger.error("a connection could not be let in", { error });
      refuse(socket, 500, "Internal server error");
    } finally {
      end();
    }
  }

  post(connectionId: ConnectionId, frame: string): Promise<PostOutcome> {
    return this.#elsewhere(() => {
      if (Buffer.byteLength(frame) > MAX_POST_BYTES) return "too-large";
      const webSocket = this.#connections.get(connectionId);
      if (webSocket === undefined) return "gone";
      webSocket.send(frame);
      return "sent";
    });
  }

  close(connectionId: ConnectionId): Promise<"closed" | "gone"> {
    return this.#elsewhere(() => (this.#end(connectionId, NORMAL) ? "closed" : "gone"));
  }

  /** Ends every connection without another word. */
  stop(): void {
    for (const webSocket of this.#server.clients) webSocket.terminate();
    this.#server.close();
  }

  /**
   * A post is a request to somewhere else: nothing of it happens in the code that makes it. Were it otherwise, timers of
   * `ws` would count as the handler's own. Those of one moment go together, and soon: each holds on to its whole turn.
   */
  #elsewhere<T>(request: () => T): Promise<T> {
    return new Promise((resolve, reject) => {
      if (this.#requests.length === 0)
        process.nextTick(() => this.#requests.splice(0).forEach((run) => run()));
      this.#requests.push(() => {
        try {
          resolve(request());
        } catch (error) {
          reject(error);
        }
      });
    });
  }

  #open(webSocket: WebSocket, sid: Sid, connectionId: ConnectionId): void {
    const { mailbox } = this.#options;
    this.#connections.set(connectionId, webSocket);
    void mailbox.send({ kind: "opened", sid, connectionId, atMs: Date.now() });
    webSocket.on("message", (data: RawData, isBinary) => {
      if (!this.#connections.has(connectionId)) return;
      if (isBinary) {
        this.#end(connectionId, UNSUPPORTED_DATA);
        return;
      }
      const text = (data as Buffer).toString("utf8");
      void mailbox.send({ kind: "frame", sid, connectionId, atMs: Date.now(), text });
    });
    // What went wrong, `ws` has answered by itself; `close` follows.
    webSocket.on("error", () => undefined);
    webSocket.on("close", (code) => {
      this.#connections.delete(connectionId);
      this.#closed(sid, connectionId, this.#codes.get(connectionId) ?? code);
      this.#codes.delete(connectionId);
    });
  }

  #end(connectionId: ConnectionId, code: number): boolean {
    const webSocket = this.#connections.get(connectionId);
    if (webSocket === undefined) return false;
    this.#connections.delete(connectionId);
    this.#codes.set(connectionId, code);
    webSocket.close(code);
    return true;
  }

  #closed(sid: Sid, connectionId: ConnectionId, statusCode: number): void {
    const reason = "transport close";
    const letter: Letter = { kind: "closed", sid, connectionId, atMs: Date.now(), reason, statusCode };
    void this.#options.mailbox.send(letter);
  }
}

/** As API Gateway words it. */
export function refuse(socket: Duplex, status: number, message: string): void {
  const body = JSON.stringify({ message });
  socket.end(
    `HTTP/1.1 ${status} ${message}\r\nContent-Type: application/json\r\nConnection: close\r\n` +
      `Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  );
}
