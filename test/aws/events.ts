import type { APIGatewayRequestAuthorizerEvent, SQSEvent } from "aws-lambda";
import type { RouteEvent } from "../../lib/aws/letters.ts";

/** Events as API Gateway was seen to send them: names, casing and absences included. */

export const sid = "q83vEjRWeJCrze8BI0Vn";
const connectionId = "PJqB0fHsqRcCHlw=";
const identity = { sourceIp: "198.51.100.7", userAgent: "Mozilla/5.0" };

const context = (own: Record<string, unknown>) => ({
  authorizer: { sid, principalId: sid },
  requestTime: "19/Feb/2024:07:21:46 +0000",
  messageDirection: "IN",
  stage: "dev",
  connectedAt: 1_708_327_306_700,
  requestTimeEpoch: 1_708_327_306_706,
  identity,
  requestId: "fDzLTGTjIAMFxMw=",
  extendedRequestId: "fDzLTGTjIAMFxMw=",
  domainName: "abcdef1234.execute-api.eu-central-1.amazonaws.com",
  connectionId,
  apiId: "abcdef1234",
  ...own,
});

export const authorizerEvent = (own: Record<string, unknown> = {}): APIGatewayRequestAuthorizerEvent =>
  ({
    type: "REQUEST",
    methodArn: "arn:aws:execute-api:eu-central-1:123456789012:abcdef1234/dev/$connect",
    headers: {
      Host: "abcdef1234.execute-api.eu-central-1.amazonaws.com",
      Origin: "https://chat.example",
      "Sec-WebSocket-Extensions": "permessage-deflate; client_max_window_bits",
      "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
      "Sec-WebSocket-Version": "13",
      "User-Agent": "Mozilla/5.0",
      "X-Amzn-Trace-Id": "Root=1-65d301ca-4a1b1b2f0b0b0b0b0b0b0b0b",
      "X-Forwarded-For": "198.51.100.7",
      "X-Forwarded-Port": "443",
      "X-Forwarded-Proto": "https",
    },
    multiValueHeaders: { Host: ["abcdef1234.execute-api.eu-central-1.amazonaws.com"] },
    queryStringParameters: { EIO: "4", transport: "websocket", token: "t" },
    multiValueQueryStringParameters: { EIO: ["4"], transport: ["websocket"], token: ["t"] },
    stageVariables: {},
    requestContext: { ...context({ routeKey: "$connect", eventType: "CONNECT" }), authorizer: undefined },
    ...own,
  }) as unknown as APIGatewayRequestAuthorizerEvent;

export const connectEvent = (): RouteEvent =>
  ({
    headers: { Host: "abcdef1234.execute-api.eu-central-1.amazonaws.com", "X-Forwarded-Proto": "https" },
    multiValueHeaders: {},
    queryStringParameters: { EIO: "4", transport: "websocket" },
    requestContext: context({ routeKey: "$connect", eventType: "CONNECT" }),
    isBase64Encoded: false,
  }) as unknown as RouteEvent;

export const messageEvent = (body: string): RouteEvent =>
  ({
    requestContext: context({ routeKey: "$default", eventType: "MESSAGE", messageId: "fDzLTeEFIAMCLPg=" }),
    body,
    isBase64Encoded: false,
  }) as unknown as RouteEvent;

export const disconnectEvent = (): RouteEvent =>
  ({
    headers: {
      Host: "abcdef1234.execute-api.eu-central-1.amazonaws.com",
      "x-api-key": "",
      "X-Forwarded-For": "",
      "x-restapi": "",
    },
    multiValueHeaders: {},
    requestContext: context({
      routeKey: "$disconnect",
      eventType: "DISCONNECT",
      disconnectStatusCode: 1001,
      disconnectReason: "Going away",
    }),
    isBase64Encoded: false,
  }) as unknown as RouteEvent;

export const queueEvent = (...messages: { id: string; body: string; receives?: number }[]): SQSEvent => ({
  Records: messages.map(({ id, body, receives = 1 }) => ({
    messageId: id,
    receiptHandle: `receipt of ${id}`,
    body,
    attributes: {
      ApproximateReceiveCount: String(receives),
      SentTimestamp: "1708327306710",
      SequenceNumber: "18884018398498047232",
      MessageGroupId: sid,
      SenderId: "AROAEXAMPLE:apigateway",
      MessageDeduplicationId: "fDzLTeEFIAMCLPg=",
      ApproximateFirstReceiveTimestamp: "1708327306720",
    },
    messageAttributes: {},
    md5OfBody: "",
    eventSource: "aws:sqs",
    eventSourceARN: "arn:aws:sqs:eu-central-1:123456789012:nonsticky-dev.fifo",
    awsRegion: "eu-central-1",
  })),
});
