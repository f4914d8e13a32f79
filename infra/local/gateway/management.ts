import { noteCall } from "../call-log.ts";
import type { IncomingMessage, ServerResponse } from "node:http";
import { LATE_MS, Turnstile, type Faults } from "../faults.ts";
import { createGatewayId, isGatewayId } from "./events.ts";
import type { Connection, Connections } from "./connection.ts";

export interface ManagementOptions {
  readonly connections: Connections;
  readonly close: (connection: Connection) => void;
  /** Whether this post is to be answered 429. */
  readonly throttled: () => boolean;
  readonly onPost: () => void;
  /** Hears of posts that were answered, where it is there. */
  readonly onAnswer?: ((post: AnsweredPost) => void) | undefined;
  /** More permissive than AWS: binary messages of the server leave as binary frames, too. */
  readonly allowBinaryFrames: boolean;
  readonly faults: Faults;
}

export interface AnsweredPost {
  readonly request: IncomingMessage;
  readonly connectionId: string;
  readonly connection: Connection | undefined;
  readonly body: Buffer | undefined;
  readonly status: number;
}

/** "Message payload size 128 KB": API Gateway quotas for WebSocket APIs. */
const MAX_POST_BYTES = 128 * 1024;

/**
 * The @connections API: POST sends a frame, DELETE closes, GET describes. `encodedId` is the last part of the path.
 * Posts are sent in the order in which they have arrived whole.
 */
export function answerManagement(
  request: IncomingMessage,
  response: ServerResponse,
  encodedId: string,
  options: ManagementOptions,
): void {
  const fail = (status: number, type: string, message: string) => {
    request.resume();
    response.writeHead(status, { "content-type": "application/json", "x-amzn-errortype": type });
    response.end(JSON.stringify({ message }));
  };
  response.setHeader("x-amzn-requestid", createGatewayId());

  if (!(request.headers.authorization ?? "").startsWith("AWS4-HMAC-SHA256 ")) {
    return fail(403, "MissingAuthenticationTokenException", "Missing Authentication Token");
  }
  if (options.faults.deletedStage === true) return fail(403, "ForbiddenException", "Forbidden");
  noteCall(request, `execute-api:ManageConnections ${request.method ?? ""}`);
  const connectionId = decode(encodedId);
  if (connectionId === undefined || !isGatewayId(connectionId)) {
    return fail(400, "BadRequestException", "Invalid connectionId: " + (connectionId ?? encodedId));
  }
  const find = () => options.connections.get(connectionId);
  const gone = () => fail(410, "GoneException", "The connection with the provided id no longer exists.");

  switch (request.method) {
    case "POST":
      return readBody(request, options.faults.postLimitBytes ?? MAX_POST_BYTES, (body) => {
        const answered = (status: number, connection?: Connection) =>
          options.onAnswer?.({ request, connectionId, connection, body, status });
        if (body === undefined) {
          answered(413);
          return fail(413, "PayloadTooLargeException", "The data has exceeded the maximum size allowed.");
        }
        if (options.throttled()) {
          answered(429);
          return fail(429, "LimitExceededException", "Rate exceeded");
        }
        const connection = find();
        if (connection === undefined) {
          answered(410);
          return gone();
        }
        options.onPost();
        connection.lastActiveAtMs = Date.now();
        if (!connection.dropped) sendFaultily(connection, body, options);
        if (failed.isNext(options.faults.failedPostEvery)) {
          answered(500, connection);
          return fail(500, "InternalServerErrorException", "Internal server error");
        }
        answered(200, connection);
        const answer = () => response.writeHead(200).end();
        if (options.faults.slowPostMs === undefined) answer();
        else setTimeout(answer, options.faults.slowPostMs);
      });
    case "DELETE": {
      const connection = find();
      if (connection === undefined) return gone();
      options.close(connection);
      response.writeHead(204).end();
      return;
    }
    case "GET": {
      const connection = find();
      if (connection === undefined) return gone();
      const { facts, lastActiveAtMs } = connection;
      response.writeHead(200, { "content-type": "application/json" });
      response.end(
        JSON.stringify({
          connectedAt: new Date(facts.connectedAt).toISOString(),
          identity: { sourceIp: facts.sourceIp, userAgent: facts.userAgent },
          lastActiveAt: new Date(lastActiveAtMs).toISOString(),
        }),
      );
      return;
    }
    default:
      return fail(403, "MissingAuthenticationTokenException", "Missing Authentication Token");
  }
}

const lost = new Turnstile();
const late = new Turnstile();
const failed = new Turnstile();
const LAST_WORDS_MS = 500;

function sendFaultily(connection: Connection, body: Buffer, options: ManagementOptions): void {
  const { lostPostEvery, latePostEvery, binaryPosts, lostLastWords } = options.faults;
  if (lost.isNext(lostPostEvery)) return;
  if (binaryPosts) return connection.socket.send(body, { binary: true, compress: false });
  const isLate = late.isNext(latePostEvery);
  if (!isLate && !lostLastWords) return send(connection, body, options.allowBinaryFrames);
  // Long enough that the deletion which comes next finds it unsent, also on a busy machine.
  const delayMs = lostLastWords ? LAST_WORDS_MS : LATE_MS;
  setTimeout(() => {
    if (connection.closing === undefined) send(connection, body, options.allowBinaryFrames);
  }, delayMs);
}

const LETTER_B = 0x62;

/** With a context that is kept, `ws` would deflate every frame, however short: its own threshold is for contexts that are not. */
const MIN_COMPRESSED_BYTES = 1024;

function send({ socket, binaryForm }: Connection, body: Buffer, allowBinaryFrames: boolean): void {
  const compress = body.length >= MIN_COMPRESSED_BYTES;
  if (!allowBinaryFrames || body[0] !== LETTER_B) return socket.send(body, { binary: false, compress });
  socket.send(binaryForm.toBytes(body.toString("latin1")), { binary: true, compress });
}

function decode(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}

/** The whole body, or undefined once it is longer than allowed. */
function readBody(request: IncomingMessage, limit: number, onBody: (body: Buffer | undefined) => void): void {
  const chunks: Buffer[] = [];
  let size = 0;
  let over = false;
  request.on("data", (chunk: Buffer) => {
    size += chunk.length;
    if (over) return;
    if (size <= limit) return void chunks.push(chunk);
    over = true;
    onBody(undefined);
  });
  request.on("end", () => {
    if (!over) onBody(chunks.length === 1 ? chunks[0] : Buffer.concat(chunks));
  });
}
