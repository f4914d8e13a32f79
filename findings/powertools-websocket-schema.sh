#!/usr/bin/env bash
# @aws-lambda-powertools/parser 2.35.0: its schema of API Gateway's WebSocket events refuses all of them; that of Powertools for
# Python, 3.37.0, takes them.
#
# `APIGatewayProxyWebsocketEventSchema` is what parses the event of a WebSocket route. One would have guessed that it takes a
# message to $default as API Gateway documents it: `requestContext`, `body` and `isBase64Encoded`. It wants `type`, `methodArn` and
# the query besides, with headers in lists: what a REQUEST authorizer is asked at $connect, which no integration gets. A message
# has no headers at all, and the events of $connect and $disconnect have no `methodArn`. Python has three models, one for
# each route.
#
# It matters to whoever parses events before using them, as the library is for: a function that passes its tests, with the
# example of the schema's own comment, refuses each message of each client.
set -euo pipefail
for tool in node npm python3; do command -v "$tool" >/dev/null || { echo "it needs Node and Python, got no $tool"; exit 1; }; done
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init --yes >/dev/null
npm install --silent --no-audit --no-fund @aws-lambda-powertools/parser@2.35.0 zod@4.6.7
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check aws-lambda-powertools==3.37.0 pydantic==2.12.3
cat >events.json <<'JSON'
{
  "Connect": {
    "headers": { "Host": "abc.execute-api.us-east-1.amazonaws.com" },
    "multiValueHeaders": { "Host": ["abc.execute-api.us-east-1.amazonaws.com"] },
    "requestContext": { "routeKey": "$connect", "eventType": "CONNECT" },
    "isBase64Encoded": false
  },
  "Message": {
    "requestContext": { "routeKey": "$default", "eventType": "MESSAGE", "messageId": "IAR-gcuQIAMCJiw=" },
    "body": "2[\"hello\"]",
    "isBase64Encoded": false
  },
  "Disconnect": {
    "headers": { "Host": "abc.execute-api.us-east-1.amazonaws.com", "x-api-key": "", "x-restapi": "" },
    "multiValueHeaders": { "Host": ["abc.execute-api.us-east-1.amazonaws.com"], "x-api-key": [""], "x-restapi": [""] },
    "requestContext": {
      "routeKey": "$disconnect",
      "eventType": "DISCONNECT",
      "disconnectStatusCode": 1005,
      "disconnectReason": "Client-side close frame status not set"
    },
    "isBase64Encoded": false
  }
}
JSON
cat >parse.mjs <<'JS'
import { readFileSync, writeFileSync } from "node:fs";
import { APIGatewayProxyWebsocketEventSchema } from "@aws-lambda-powertools/parser/schemas/api-gateway-websocket";

const everyContext = {
  extendedRequestId: "IAR-gG0AIAMF1lQ=",
  requestTime: "29/Nov/2026:06:00:00 +0000",
  messageDirection: "IN",
  stage: "prod",
  connectedAt: 1795932000000,
  requestTimeEpoch: 1795932000001,
  requestId: "IAR-gG0AIAMF1lQ=",
  domainName: "abc.execute-api.us-east-1.amazonaws.com",
  connectionId: "IAR-gcuQIAMCJiw=",
  apiId: "abc",
  identity: { sourceIp: "192.0.2.1" },
};
const events = JSON.parse(readFileSync("events.json", "utf8"));
for (const [name, event] of Object.entries(events)) {
  Object.assign(event.requestContext, everyContext);
  const { error } = APIGatewayProxyWebsocketEventSchema.safeParse(event);
  const missing = error?.issues.map(({ path }) => path.join("."));
  console.log(`${name}, TypeScript: ${missing === undefined ? "parsed" : `refused for want of ${missing.join(", ")}`}`);
}
writeFileSync("events.json", JSON.stringify(events));
JS
cat >parse.py <<'PYTHON'
import json

from aws_lambda_powertools.utilities.parser import models, parse

with open("events.json") as file:
    events = json.load(file)
for name, event in events.items():
    parse(event, getattr(models, f"APIGatewayWebSocket{name}EventModel"))
    print(f"{name}, Python: parsed")
PYTHON
{ node parse.mjs; venv/bin/python parse.py; } | tee seen
diff seen - <<'SEEN'
Connect, TypeScript: refused for want of type, methodArn, queryStringParameters, multiValueQueryStringParameters
Message, TypeScript: refused for want of type, methodArn, multiValueHeaders, queryStringParameters, multiValueQueryStringParameters
Disconnect, TypeScript: refused for want of type, methodArn, queryStringParameters, multiValueQueryStringParameters
Connect, Python: parsed
Message, Python: parsed
Disconnect, Python: parsed
SEEN
