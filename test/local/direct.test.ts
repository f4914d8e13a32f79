import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { fileURLToPath } from "node:url";
import { InvokeCommand, LambdaClient, ResourceNotFoundException } from "@aws-sdk/client-lambda";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { attachAwsEndpoint } from "../../infra/local/aws-endpoint.ts";
import { startStack, type LocalRuntime } from "../../infra/local/local.ts";
import { connect } from "./fixtures/client.ts";
import { createLog } from "./fixtures/log.ts";
import { directTopology } from "./fixtures/topology.ts";

const gatewayId = expect.stringMatching(/^[\w-]{15}=$/) as unknown as string;
const epochMs = expect.any(Number) as unknown as number;

describe("events of a function behind the routes", () => {
  const log = createLog();
  let runtime: LocalRuntime;

  beforeAll(async () => {
    const app = fileURLToPath(new URL("fixtures/app.ts", import.meta.url));
    runtime = await startStack(directTopology, { app, log: log.write });
  });
  afterAll(() => runtime.stop());

  const context = (routeKey: string, eventType: string) => ({
    routeKey,
    eventType,
    extendedRequestId: gatewayId,
    requestTime: expect.stringMatching(/^\d\d\/[A-Z][a-z]{2}\/\d{4}:\d\d:\d\d:\d\d \+0000$/),
    messageDirection: "IN",
    stage: "dev",
    connectedAt: epochMs,
    requestTimeEpoch: epochMs,
    identity: { sourceIp: "127.0.0.1" },
    requestId: gatewayId,
    domainName: `127.0.0.1:${runtime.port}`,
    connectionId: gatewayId,
    apiId: "localapi00",
  });

  it("are those of API Gateway, from the authorizer to the end", async () => {
    const client = await connect(`${runtime.url}/dev`, "EIO=4&a=1&a=2&verdict=show&sid=S");
    client.socket.send("event");
    const message = JSON.parse(await client.next()) as { requestContext: Record<string, unknown> };
    client.socket.close(4000, "bye");
    const disconnect: unknown = JSON.parse((await log.waitFor('"DISCONNECT"')).replace("[inbox] ", ""));
    const opened = JSON.parse((await log.waitFor('"CONNECT"')).replace("[inbox] ", "")) as {
      requestContext: { authorizer: { seen: string } };
    };
    const authorizer = JSON.parse(opened.requestContext.authorizer.seen) as Record<string, unknown>;

    const handshake = {
      headers: expect.objectContaining({
        Host: `127.0.0.1:${runtime.port}`,
        "Sec-WebSocket-Version": "13",
        "X-Forwarded-For": "127.0.0.1",
        "X-Forwarded-Port": "443",
        "X-Forwarded-Proto": "https",
        "X-Amzn-Trace-Id": expect.stringMatching(/^Root=1-[0-9a-f]{8}-[0-9a-f]{24}$/),
      }),
      multiValueHeaders: expect.objectContaining({ Host: [`127.0.0.1:${runtime.port}`] }),
      queryStringParameters: { EIO: "4", a: "2", verdict: "show", sid: "S" },
      multiValueQueryStringParameters: { EIO: ["4"], a: ["1", "2"], verdict: ["show"], sid: ["S"] },
    };
    expect(authorizer).toEqual({
      type: "REQUEST",
      methodArn: "arn:aws:execute-api:us-east-1:000000000000:localapi00/dev/$connect",
      ...handshake,
      stageVariables: {},
      requestContext: context("$connect", "CONNECT"),
    });
    expect(Object.keys(authorizer["headers"] as object)).not.toContain("Upgrade");
    const carried = { sid: "S", posted: 0, seen: expect.any(String), principalId: "user" };
    expect(opened).toEqual({
      ...handshake,
      requestContext: {
        ...context("$connect", "CONNECT"),
        authorizer: { ...carried, integrationLatency: epochMs },
      },
      isBase64Encoded: false,
    });
    expect(message).toEqual({
      requestContext: { ...context("$default", "MESSAGE"), authorizer: carried, messageId: gatewayId },
      body: "event",
      isBase64Encoded: false,
    });
    const headers = {
      Host: `127.0.0.1:${runtime.port}`,
      "x-api-key": "",
      "X-Forwarded-For": "",
      "x-restapi": "",
    };
    expect(disconnect).toEqual({
      headers,
      multiValueHeaders: Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, [value]])),
      requestContext: {
        ...context("$disconnect", "DISCONNECT"),
        authorizer: carried,
        disconnectStatusCode: 4000,
        disconnectReason: "bye",
      },
      isBase64Encoded: false,
    });
  });

  it("come after posts that the handshake made too early, which get 410", async () => {
    const client = await connect(`${runtime.url}/dev`, "EIO=4&verdict=post");
    client.socket.send("event");

    const message = JSON.parse(await client.next()) as { requestContext: { authorizer: unknown } };
    expect(message.requestContext.authorizer).toMatchObject({ posted: 410 });
    client.socket.close();
  });

  it("that fail put the gateway's own frame into the stream", async () => {
    const client = await connect(`${runtime.url}/dev`);
    client.socket.send("throw");

    expect(JSON.parse(await client.next())).toEqual({
      message: "Internal server error",
      connectionId: gatewayId,
      requestId: gatewayId,
    });
    client.socket.close();
  });
});

describe("Lambda's Invoke", () => {
  const later: unknown[] = [];
  const server = createServer();
  let client: LambdaClient;

  beforeAll(async () => {
    attachAwsEndpoint(server, {
      queues: { find: () => undefined },
      invoke: (name, event) => {
        if (name === "throws")
          return Promise.resolve({ kind: "threw", errorType: "TypeError", message: "no" });
        return name === "inbox" ? Promise.resolve({ kind: "answered", result: { event } }) : undefined;
      },
      invokeLater: (name, event) => name === "inbox" && later.push(event) > 0,
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    client = new LambdaClient({
      endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
      region: "us-east-1",
      credentials: { accessKeyId: "local", secretAccessKey: "local" },
    });
  });
  afterAll(() => {
    client.destroy();
    server.close();
  });

  it("accepts an event and answers 202", async () => {
    const answer = await client.send(
      new InvokeCommand({ FunctionName: "inbox", InvocationType: "Event", Payload: Buffer.from('{"a":1}') }),
    );

    expect(answer.StatusCode).toBe(202);
    expect(later).toEqual([{ a: 1 }]);
  });

  it("runs a request and answers its result", async () => {
    const arn = "arn:aws:lambda:us-east-1:000000000000:function:inbox";
    const answer = await client.send(
      new InvokeCommand({ FunctionName: arn, Payload: Buffer.from('{"a":1}') }),
    );

    expect(answer).toMatchObject({ StatusCode: 200, ExecutedVersion: "$LATEST" });
    expect(JSON.parse(answer.Payload!.transformToString())).toEqual({ event: { a: 1 } });
  });

  it("says that a function threw", async () => {
    const answer = await client.send(new InvokeCommand({ FunctionName: "throws" }));

    expect(answer.FunctionError).toBe("Unhandled");
    expect(JSON.parse(answer.Payload!.transformToString())).toEqual({
      errorType: "TypeError",
      errorMessage: "no",
    });
  });

  it.each(["Event", "RequestResponse"] as const)(
    "does not know other functions: %s",
    async (InvocationType) => {
      const answer = client.send(new InvokeCommand({ FunctionName: "other", InvocationType }));

      await expect(answer).rejects.toBeInstanceOf(ResourceNotFoundException);
    },
  );
});
