import type { APIGatewayProxyWebsocketEventV2, SQSRecord } from "aws-lambda";
import { toQueueText, type Delivery, type Letter } from "../engine/letter.ts";
import { isSid, toConnectionId, type Sid } from "../ids.ts";
import { AwsError } from "./errors.ts";

/** A letter of our own, as a message body. API Gateway's begin with an event type instead of a brace. */
export const encodeLetter = (letter: Letter): string => toQueueText(letter);

/**
 * Reads a message body. API Gateway's mapping template (`infra/letter.yml`) writes
 * `<eventType>,<sid>,<connectionId>,<epoch ms>,<base64 of the frame>`: no character of the first four is a comma, and
 * the body is never empty, which SQS would refuse. Instead of a frame a `DISCONNECT` may have the status of the end.
 *
 * @throws {AwsError} `aws.bad_letter`
 */
export function parseLetter(body: string): Letter {
  if (body.startsWith("{")) return readOwnLetter(body);
  const [eventType, sid, connection, epoch, frame] = body.split(",");
  if (!isSid(sid) || !connection || frame === undefined || !Number.isFinite(Number(epoch)))
    throw badLetter(eventType);
  const connectionId = toConnectionId(connection);
  const atMs = Number(epoch);
  switch (eventType) {
    case "CONNECT":
      return { kind: "opened", sid, connectionId, atMs };
    case "MESSAGE":
      return { kind: "frame", sid, connectionId, atMs, text: Buffer.from(frame, "base64").toString("utf8") };
    case "DISCONNECT":
      return { kind: "closed", sid, connectionId, atMs, reason: "transport close", ...toStatus(frame) };
    default:
      throw badLetter(eventType);
  }
}

const toStatus = (status: unknown): { statusCode?: number } =>
  /^\d{4}$/.test(String(status)) ? { statusCode: Number(status) } : {};

/** What is ours is trusted in detail; that it is ours is checked, because one bad letter must not fail its batch. */
function readOwnLetter(body: string): Letter {
  let value: unknown;
  try {
    value = JSON.parse(body);
  } catch {
    throw badLetter(undefined);
  }
  const { kind, sid } = value as { readonly kind?: unknown; readonly sid?: unknown };
  if (!isOwnKind(kind) || !isSid(sid)) throw badLetter(typeof kind === "string" ? kind : undefined);
  return value as Letter;
}

/** Frames come from the gateway alone, in its own form, except for those that the polling function writes. */
const ownKinds = [
  "opened",
  "born",
  "payload",
  "closed",
  "kick",
  "serverSide",
  "timer",
  "reap",
] as const satisfies readonly Letter["kind"][];
const isOwnKind = (kind: unknown): boolean => ownKinds.some((own) => own === kind);

export function fromSqsRecord(record: SQSRecord): Delivery {
  return {
    letter: parseLetter(record.body),
    id: record.messageId,
    receipt: record.receiptHandle,
    redelivered: Number(record.attributes.ApproximateReceiveCount) > 1,
    receivedAtMs: Number(record.attributes.ApproximateFirstReceiveTimestamp),
  };
}

/** What an event of a WebSocket route carries besides what its published type says. */
export type RouteEvent = APIGatewayProxyWebsocketEventV2 & {
  requestContext: { authorizer?: { sid?: unknown }; disconnectStatusCode?: unknown };
};

/** The same letters in direct ordering, where API Gateway calls the function itself. */
export function fromRouteEvent(event: RouteEvent): Delivery {
  const { requestContext: context } = event;
  return {
    letter: toLetter(event, readSid(event)),
    id: context.messageId ?? context.requestId,
    redelivered: false,
  };
}

function toLetter(event: RouteEvent, sid: Sid): Letter {
  const {
    eventType,
    connectionId: connection,
    requestTimeEpoch: atMs,
    disconnectStatusCode,
  } = event.requestContext;
  const connectionId = toConnectionId(connection);
  switch (eventType) {
    case "CONNECT":
      return { kind: "opened", sid, connectionId, atMs };
    case "MESSAGE":
      return { kind: "frame", sid, connectionId, atMs, text: event.body ?? "" };
    case "DISCONNECT":
      return {
        kind: "closed",
        sid,
        connectionId,
        atMs,
        reason: "transport close",
        ...toStatus(disconnectStatusCode),
      };
    default:
      throw badLetter(eventType satisfies never);
  }
}

function readSid({ requestContext }: RouteEvent): Sid {
  const sid = requestContext.authorizer?.sid;
  if (isSid(sid)) return sid;
  throw new AwsError("aws.no_sid", "expected the authorizer's context to carry a session id, got none");
}

const badLetter = (eventType: string | undefined): AwsError =>
  new AwsError("aws.bad_letter", "expected a message body as the mapping template writes it, got another", {
    evidence: { eventType },
  });
