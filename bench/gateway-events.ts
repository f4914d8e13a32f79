import { randomBytes, randomUUID } from "node:crypto";

/** A connection as API Gateway tells functions and queue of it. */
export interface Connection {
  readonly connectionId: string;
  readonly sid: string;
}

const API = { apiId: "bench", stage: "bench", domainName: "bench.execute-api.us-east-1.amazonaws.com" };

export const createConnectionId = (): string => `${randomBytes(11).toString("base64url").slice(0, 15)}=`;

/** What the REQUEST authorizer of `$connect` gets; with a sid from a client that was polling before. */
export function authorizeEvent(connectionId: string, sid?: string): unknown {
  const nowMs = Date.now();
  const query = { EIO: "4", transport: "websocket", ...(sid === undefined ? {} : { sid }) };
  return {
    type: "REQUEST",
    methodArn: `arn:aws:execute-api:us-east-1:000000000000:${API.apiId}/${API.stage}/$connect`,
    headers: {
      Host: API.domainName,
      "User-Agent": "bench",
      "X-Forwarded-For": "203.0.113.7",
      "X-Forwarded-Port": "443",
    },
    multiValueHeaders: {},
    queryStringParameters: query,
    multiValueQueryStringParameters: Object.fromEntries(
      Object.entries(query).map(([name, value]) => [name, [value]]),
    ),
    stageVariables: {},
    requestContext: {
      routeKey: "$connect",
      eventType: "CONNECT",
      extendedRequestId: randomUUID(),
      requestId: randomUUID(),
      requestTime: new Date(nowMs).toISOString(),
      requestTimeEpoch: nowMs,
      messageDirection: "IN",
      connectedAt: nowMs,
      connectionId,
      identity: { sourceIp: "203.0.113.7", userAgent: "bench" },
      ...API,
    },
  };
}

/** What the HTTP API hands to the polling function, payload format 2.0. */
export function pollEvent(request: {
  readonly method: "GET" | "POST";
  readonly query: string;
  readonly body: string | undefined;
}): unknown {
  const { method, query, body } = request;
  const path = "/socket.io/";
  return {
    version: "2.0",
    routeKey: "ANY /socket.io/{proxy+}",
    rawPath: path,
    rawQueryString: query,
    headers: {
      host: API.domainName,
      "user-agent": "bench",
      "x-forwarded-for": "203.0.113.7",
      "x-forwarded-port": "443",
      "x-forwarded-proto": "https",
      ...(body === undefined ? {} : { "content-type": "text/plain;charset=UTF-8" }),
    },
    requestContext: {
      http: { method, path, protocol: "HTTP/1.1", sourceIp: "203.0.113.7", userAgent: "bench" },
      requestId: randomUUID(),
      timeEpoch: Date.now(),
      ...API,
    },
    isBase64Encoded: false,
    ...(body === undefined ? {} : { body }),
  };
}

export type GatewayLetter =
  { readonly type: "CONNECT" | "DISCONNECT" } | { readonly type: "MESSAGE"; readonly frame: string };

/** One batch from the queue, as API Gateway's template wrote its messages. */
export function batchEvent(letters: readonly (readonly [Connection, GatewayLetter])[]): unknown {
  return {
    Records: letters.map(([{ sid, connectionId }, letter]) => {
      const frame = letter.type === "MESSAGE" ? letter.frame : "";
      const once = randomUUID();
      const base64 = Buffer.from(frame, "utf8").toString("base64");
      return record(
        [letter.type, sid, connectionId, Date.now(), base64].join(","),
        frame === "3" ? `${sid}.a` : frame.startsWith("43") ? `${sid}.k.${once}` : sid,
      );
    }),
  };
}

/** One message that the product sent itself. */
export const sentEvent = (body: string, sid: string): unknown => ({ Records: [record(body, sid)] });

const LONGEST_DELAY_MS = 900_000;

/** A batch of them. */
export const sentEvents = (bodies: readonly string[], sid: string): unknown => ({
  // Each is of a timer of its own, and so is its group.
  Records: bodies.map((body, index) => record(body, `${sid}.${index}`)),
});

/** Delayed messages that have waited until they are due. */
export const alarmEvents = (bodies: readonly string[]): unknown => ({
  Records: bodies.map((body) => {
    const { attributes, ...message } = record(body, "");
    const ApproximateFirstReceiveTimestamp = String(Date.now() + LONGEST_DELAY_MS);
    return { ...message, attributes: { ...attributes, ApproximateFirstReceiveTimestamp } };
  }),
});

function record(body: string, group: string) {
  return {
    messageId: randomUUID(),
    receiptHandle: randomUUID(),
    body,
    attributes: {
      ApproximateReceiveCount: "1",
      SentTimestamp: String(Date.now()),
      SequenceNumber: "1",
      MessageGroupId: group,
      SenderId: "bench",
      MessageDeduplicationId: randomUUID(),
      ApproximateFirstReceiveTimestamp: String(Date.now()),
    },
    messageAttributes: {},
    md5OfBody: "",
    eventSource: "aws:sqs",
    eventSourceARN: "arn:aws:sqs:us-east-1:000000000000:mailbox.fifo",
    awsRegion: "us-east-1",
  };
}
