import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { createTransport, postRules } from "../../lib/aws/management-transport.ts";
import { openSdkTransport } from "../../lib/aws/sdk/sdk-clients.ts";
import type { Transport } from "../../lib/engine/transport.ts";
import { toConnectionId } from "../../lib/ids.ts";
import { createSettings } from "../../lib/requests/environment-settings.ts";

interface Seen {
  readonly method: string | undefined;
  readonly url: string | undefined;
  readonly body: string;
  readonly headers: IncomingMessage["headers"];
}

const connectionId = toConnectionId("PJqB0fHsqRcCHlw=");
const seen: Seen[] = [];
let answer: (response: ServerResponse, request: IncomingMessage) => void;
let server: Server;
let callbackUrl: string;

beforeAll(async () => {
  vi.stubEnv("AWS_REGION", "eu-central-1");
  vi.stubEnv("AWS_ACCESS_KEY_ID", "local");
  vi.stubEnv("AWS_SECRET_ACCESS_KEY", "local");
  server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const { method, url, headers } = request;
      seen.push({ method, url, headers, body: Buffer.concat(chunks).toString("utf8") });
      answer(response, request);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  callbackUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}/dev`;
});

afterEach(() => {
  seen.length = 0;
});

afterAll(async () => {
  vi.unstubAllEnvs();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

const status = (code: number, errorType?: string) => (response: ServerResponse) => {
  response.writeHead(code, errorType === undefined ? {} : { "x-amzn-errortype": errorType });
  response.end(code === 200 ? "" : JSON.stringify({ message: "no" }));
};

const reset = (_: ServerResponse, request: IncomingMessage) => request.socket.destroy();

describe.each<[string, (url?: string) => Transport]>([
  ["the SDK", (url = callbackUrl) => openSdkTransport(url, postRules)],
  ["hand-signed requests", (url = callbackUrl) => createTransport(createSettings(process.env), url)],
])("a transport of %s", (_name, create) => {
  it("posts a frame as the body of one signed request", async () => {
    answer = status(200);

    const outcome = await create().post(connectionId, '42["hé, 🦄"]');

    expect(outcome).toBe("sent");
    expect(seen).toHaveLength(1);
    expect(seen[0]).toMatchObject({ method: "POST", body: '42["hé, 🦄"]' });
    expect(decodeURIComponent(seen[0]!.url!)).toBe("/dev/@connections/PJqB0fHsqRcCHlw=");
    expect(seen[0]!.headers.authorization).toMatch(
      /^AWS4-HMAC-SHA256 Credential=local\/\d{8}\/eu-central-1\/execute-api\/aws4_request/,
    );
  });

  it.each<[string, typeof answer, string]>([
    ["410", status(410, "GoneException"), "gone"],
    ["410 without a name", status(410), "gone"],
    ["429", status(429, "LimitExceededException"), "busy"],
    ["429 of the account's throttle", status(429, "TooManyRequestsException"), "busy"],
    ["429 without a name", status(429), "busy"],
    ["413", status(413, "PayloadTooLargeException"), "too-large"],
    ["204", status(204), "sent"],
    ["500", status(500), "unknown"],
    ["503", status(503, "ServiceUnavailableException"), "unknown"],
    ["a connection that breaks", reset, "unknown"],
  ])("takes %s for what it means, with one attempt", async (_, given, outcome) => {
    answer = given;

    expect(await create().post(connectionId, "2")).toBe(outcome);

    expect(seen).toHaveLength(1);
  });

  it.each<[string, typeof answer]>([
    ["400", status(400, "BadRequestException")],
    ["403", status(403, "ForbiddenException")],
    ["403 of a wrong signature", status(403, "InvalidSignatureException")],
  ])("throws aws.post_refused at %s: no later post will fare better", async (_, given) => {
    answer = given;

    await expect(create().post(connectionId, "2")).rejects.toMatchObject({ code: "aws.post_refused" });
  });

  it("asks for the same path when the callback URL ends in a slash", async () => {
    answer = status(200);

    await create(`${callbackUrl}/`).post(connectionId, "2");

    expect(decodeURIComponent(seen[0]!.url!)).toBe("/dev/@connections/PJqB0fHsqRcCHlw=");
  });

  it("ends a connection, and takes one that is gone for gone", async () => {
    const transport = create();
    answer = status(204);
    const closed = await transport.close(connectionId);
    answer = status(410, "GoneException");
    const gone = await transport.close(connectionId);

    expect([closed, gone]).toEqual(["closed", "gone"]);
    expect(seen.map(({ method, url }) => [method, decodeURIComponent(url!)])).toEqual([
      ["DELETE", "/dev/@connections/PJqB0fHsqRcCHlw="],
      ["DELETE", "/dev/@connections/PJqB0fHsqRcCHlw="],
    ]);
  });

  it.each<[string, typeof answer]>([
    ["429", status(429, "LimitExceededException")],
    ["500", status(500)],
    ["403", status(403, "ForbiddenException")],
  ])("rejects when a connection cannot be ended: %s", async (_, given) => {
    answer = given;

    await expect(create().close(connectionId)).rejects.toThrow();
  });

  it("posts on after a failure, over the same client", async () => {
    const transport = create();
    answer = reset;
    const first = await transport.post(connectionId, "a");
    answer = status(200);

    expect([first, await transport.post(connectionId, "b")]).toEqual(["unknown", "sent"]);
  });
});

describe("a transport with nobody to answer it", () => {
  const nowhere = "http://127.0.0.1:1/dev";

  it("tells why, and takes the post for unknown like any that gets no answer", async () => {
    const outages: unknown[] = [];
    const transport = createTransport(createSettings(process.env), nowhere, (error) => outages.push(error));

    expect(await transport.post(connectionId, "2")).toBe("unknown");

    expect(outages).toMatchObject([
      {
        code: "aws.unreachable",
        evidence: { action: "execute-api:ManageConnections", resource: nowhere, region: "eu-central-1" },
      },
    ]);
  });

  it("does not take one connection that breaks for an outage", async () => {
    const outages: unknown[] = [];
    const transport = createTransport(createSettings(process.env), callbackUrl, (error) =>
      outages.push(error),
    );
    answer = reset;

    expect(await transport.post(connectionId, "2")).toBe("unknown");

    expect(outages).toEqual([]);
  });

  it("rejects with the cause when a connection cannot be ended", async () => {
    const transport = createTransport(createSettings(process.env), nowhere);

    await expect(transport.close(connectionId)).rejects.toMatchObject({ code: "aws.unreachable" });
  });
});
