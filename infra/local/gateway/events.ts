import { randomBytes, randomFillSync } from "node:crypto";
import type { IncomingMessage } from "node:http";
import { accountId } from "../topology.ts";

/** What is known of a connection from its handshake on: the same in every event of it. */
export interface ConnectionFacts {
  readonly connectionId: string;
  readonly connectedAt: number;
  readonly stage: string;
  readonly apiId: string;
  readonly domainName: string;
  readonly sourceIp: string;
  readonly userAgent: string | undefined;
}

export type AuthorizerContext = Readonly<Record<string, string | number | boolean>>;
export type EventType = "CONNECT" | "MESSAGE" | "DISCONNECT";

export interface DisconnectCause {
  readonly code: number;
  readonly reason: string;
}

export interface RequestContext {
  readonly routeKey: string;
  readonly authorizer?: Record<string, unknown>;
  readonly messageId?: string;
  readonly disconnectStatusCode?: number;
  readonly disconnectReason?: string;
  readonly eventType: EventType;
  readonly extendedRequestId: string;
  readonly requestTime: string;
  readonly messageDirection: "IN";
  readonly stage: string;
  readonly connectedAt: number;
  readonly requestTimeEpoch: number;
  readonly identity: { readonly userAgent?: string; readonly sourceIp: string };
  readonly requestId: string;
  readonly domainName: string;
  readonly connectionId: string;
  readonly apiId: string;
}

/** `PJqB0fHsqRcCHlw=`: eleven bytes in URL-safe base64 with its padding, as observed. */
export function createGatewayId(): string {
  if (nextRandomByte + GATEWAY_ID_BYTES > randomPool.length) {
    randomFillSync(randomPool);
    nextRandomByte = 0;
  }
  const bytes = randomPool.subarray(nextRandomByte, (nextRandomByte += GATEWAY_ID_BYTES));
  return `${bytes.toString("base64url")}=`;
}

const GATEWAY_ID_BYTES = 11;
/** Drawn together: every frame and every post takes some. */
const randomPool = Buffer.alloc(GATEWAY_ID_BYTES * 256);
let nextRandomByte = randomPool.length;

export const isGatewayId = (text: string): boolean => /^[A-Za-z0-9_-]{15}=$/.test(text);

/**
 * `requestContext` of an event. The authorizer's context appears in the events of all three routes, with its
 * `principalId`; `integrationLatency` in `$connect`'s alone, as captured.
 */
export function createRequestContext(
  facts: ConnectionFacts,
  event: {
    readonly routeKey: string;
    readonly eventType: EventType;
    readonly authorizer: Record<string, unknown> | undefined;
    readonly cause?: DisconnectCause;
  },
): RequestContext {
  const nowMs = Date.now();
  const requestId = createGatewayId();
  return {
    routeKey: event.routeKey,
    ...(event.authorizer === undefined ? {} : { authorizer: event.authorizer }),
    ...(event.eventType === "MESSAGE" ? { messageId: createGatewayId() } : {}),
    ...(event.cause === undefined
      ? {}
      : { disconnectStatusCode: event.cause.code, disconnectReason: event.cause.reason }),
    eventType: event.eventType,
    extendedRequestId: requestId,
    requestTime: toCommonLogTime(nowMs),
    messageDirection: "IN",
    stage: facts.stage,
    connectedAt: facts.connectedAt,
    requestTimeEpoch: nowMs,
    identity: {
      ...(facts.userAgent === undefined ? {} : { userAgent: facts.userAgent }),
      sourceIp: facts.sourceIp,
    },
    requestId,
    domainName: facts.domainName,
    connectionId: facts.connectionId,
    apiId: facts.apiId,
  };
}

/** The parts of a `$connect` event that come from the HTTP request; authorizers get the same. */
export function createHandshakeParts(
  request: IncomingMessage,
  facts: ConnectionFacts,
): Record<string, unknown> {
  const headers: Record<string, string> = {};
  const multiValueHeaders: Record<string, string[]> = {};
  const add = (name: string, value: string) => {
    headers[name] = value;
    (multiValueHeaders[name] ??= []).push(value);
  };
  for (let index = 0; index < request.rawHeaders.length; index += 2) {
    const name = request.rawHeaders[index] ?? "";
    // "Connection" and "Upgrade" are consumed by the gateway.
    if (!/^(connection|upgrade)$/i.test(name)) add(name, request.rawHeaders[index + 1] ?? "");
  }
  add(
    "X-Amzn-Trace-Id",
    `Root=1-${Math.floor(facts.connectedAt / 1000).toString(16)}-${randomBytes(12).toString("hex")}`,
  );
  const forwardedFor = headers["X-Forwarded-For"];
  headers["X-Forwarded-For"] =
    forwardedFor === undefined ? facts.sourceIp : `${forwardedFor}, ${facts.sourceIp}`;
  multiValueHeaders["X-Forwarded-For"] = [headers["X-Forwarded-For"]];
  add("X-Forwarded-Port", "443");
  add("X-Forwarded-Proto", "https");
  return { headers, multiValueHeaders, ...readQuery(request.url ?? "/") };
}

/** Null without a query, as in events of API Gateway; of a repeated parameter the last value counts. */
function readQuery(url: string): {
  readonly queryStringParameters: Record<string, string> | null;
  readonly multiValueQueryStringParameters: Record<string, string[]> | null;
} {
  const at = url.indexOf("?");
  const search = new URLSearchParams(at < 0 ? "" : url.slice(at + 1));
  const single: Record<string, string> = {};
  const multiple: Record<string, string[]> = {};
  for (const [name, value] of search) {
    single[name] = value;
    (multiple[name] ??= []).push(value);
  }
  const empty = Object.keys(single).length === 0;
  return {
    queryStringParameters: empty ? null : single,
    multiValueQueryStringParameters: empty ? null : multiple,
  };
}

export function createAuthorizerEvent(
  handshake: Record<string, unknown>,
  requestContext: RequestContext,
  region: string,
): Record<string, unknown> {
  const { apiId, stage } = requestContext;
  return {
    type: "REQUEST",
    methodArn: `arn:aws:execute-api:${region}:${accountId}:${apiId}/${stage}/$connect`,
    ...handshake,
    stageVariables: {},
    requestContext,
  };
}

/** What a function behind `AWS_PROXY` gets for `$disconnect`: no query, and none of the client's own headers. */
export function createDisconnectEvent(requestContext: RequestContext): Record<string, unknown> {
  const headers = {
    Host: requestContext.domainName,
    "x-api-key": "",
    "X-Forwarded-For": "",
    "x-restapi": "",
  };
  return {
    headers,
    multiValueHeaders: Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, [value]])),
    requestContext,
    isBase64Encoded: false,
  };
}

/** `09/Feb/2024:14:03:25 +0000` */
function toCommonLogTime(ms: number): string {
  const [, day, month, year, time] = new Date(ms).toUTCString().split(" ");
  return `${day}/${month}/${year}:${time} +0000`;
}
