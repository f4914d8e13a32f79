import { request } from "node:http";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startStack, type LocalRuntime } from "../../infra/local/local.ts";
import { isForThisMachine } from "../../infra/local/strangers.ts";
import { createLog } from "./fixtures/log.ts";
import { topology } from "./fixtures/topology.ts";

const app = fileURLToPath(new URL("fixtures/app.ts", import.meta.url));
let runtime: LocalRuntime;

beforeAll(async () => {
  runtime = await startStack(topology, { app, log: createLog().write, allowedHosts: ["tunnel.example"] });
});
afterAll(() => runtime.stop());

interface Asked {
  readonly method?: string;
  readonly path?: string;
  readonly headers?: Record<string, string>;
  readonly body?: string;
}

/** As it is written: `fetch` would set `Host` itself. A handshake's answer is its status, 101. */
const ask = (url: string, { body, ...options }: Asked): Promise<{ status: number; origins: unknown }> =>
  new Promise((resolve, reject) => {
    const asked = request(url, { agent: false, ...options });
    asked.on("response", (response) => {
      response.resume();
      const origins = response.headers["access-control-allow-origin"];
      resolve({ status: response.statusCode ?? 0, origins });
    });
    asked.on("upgrade", (_, socket) => {
      socket.destroy();
      resolve({ status: 101, origins: undefined });
    });
    asked.on("error", reject);
    asked.end(body);
  });

describe("a Host header", () => {
  it.each([
    "localhost",
    "localhost:3000",
    "LOCALHOST:3000",
    "app.localhost:3000",
    "127.0.0.1:3000",
    "192.168.1.7",
    "[::1]:3000",
    "localhost.",
  ])("%s is this machine's", (host) => {
    expect(isForThisMachine({ host })).toBe(true);
  });

  it.each([
    undefined,
    "",
    "evil.example",
    "evil.example:3000",
    "localhost.evil.example",
    "127.0.0.1.evil.example",
    "notlocalhost",
    "[evil.example]:3000",
    "localhost:3000:3000",
    "127.0.0.1@evil.example",
  ])("%s is not", (host) => {
    expect(isForThisMachine(host === undefined ? {} : { host })).toBe(false);
  });

  it("is this machine's too when it was allowed, and its subdomains are not", () => {
    expect(isForThisMachine({ host: "tunnel.example:443" }, ["tunnel.example"])).toBe(true);
    expect(isForThisMachine({ host: "a.tunnel.example" }, ["tunnel.example"])).toBe(false);
  });
});

describe("the one port", () => {
  const upgrade = {
    connection: "Upgrade",
    upgrade: "websocket",
    "sec-websocket-version": "13",
    "sec-websocket-key": "dGhlIHNhbXBsZSBub25jZQ==",
  };
  const connections = { authorization: "AWS4-HMAC-SHA256 x" };

  it.each<[what: string, asked: Asked, status: number]>([
    ["a page", { path: "/" }, 200],
    ["polling", { path: "/socket.io/?EIO=4&transport=polling" }, 400],
    ["a WebSocket", { path: "/socket.io/?EIO=4&transport=websocket", headers: upgrade }, 101],
    [
      "@connections",
      { method: "DELETE", path: "/dev/@connections/AAAAAAAAAAAAAAA=", headers: connections },
      410,
    ],
  ])(
    "serves %s under its own name and one that was allowed, and refuses any other",
    async (_, asked, status) => {
      const under = async (host: string) =>
        (await ask(runtime.url, { ...asked, headers: { ...asked.headers, host } })).status;

      expect(await under(`localhost:${runtime.port}`)).toBe(status);
      expect(await under("tunnel.example")).toBe(status);
      expect(await under("evil.example")).toBe(403);
    },
  );
});

describe("the ports that stand for AWS", () => {
  const list: Asked = {
    method: "POST",
    headers: {
      "content-type": "application/x-amz-json-1.0",
      "x-amz-target": "DynamoDB_20120810.ListTables",
      "x-amz-date": "20260101T000000Z",
      authorization:
        "AWS4-HMAC-SHA256 Credential=local/20260101/us-east-1/dynamodb/aws4_request, SignedHeaders=host;x-amz-date, Signature=0",
    },
    body: "{}",
  };
  const invoke: Asked = {
    method: "POST",
    path: "/2015-03-31/functions/none/invocations",
    body: "{}",
  };
  const preflight = { method: "OPTIONS", headers: { "access-control-request-method": "POST" } };
  const origin = { origin: "https://evil.example" };

  describe.each([
    ["the table's", () => runtime.dynamodbEndpoint, list, 200],
    ["the queue's and Lambda's", () => runtime.outsideEnvironment["AWS_ENDPOINT_URL_SQS"] ?? "", invoke, 404],
  ] as const)("%s", (_, url, asked, status) => {
    it("answers programs", async () => {
      expect(await ask(url(), asked)).toMatchObject({ status });
    });

    it.each<[what: string, change: Asked]>([
      ["a preflight", { ...preflight, headers: { ...preflight.headers, ...origin } }],
      ["what a page of another origin sends", { headers: origin }],
      ["what a page without an origin sends", { headers: { origin: "null" } }],
      ["what a browser reads", { method: "GET", headers: { "sec-fetch-site": "cross-site" } }],
      ["what was sent to another name", { headers: { host: "evil.example" } }],
    ])("refuses %s", async (_what, change) => {
      const answer = await ask(url(), {
        ...asked,
        ...change,
        headers: { ...asked.headers, ...change.headers },
      });

      expect(answer).toEqual({ status: 403, origins: undefined });
    });
  });

  it("invoke no function for a read, which no browser says the origin of", async () => {
    const url = runtime.outsideEnvironment["AWS_ENDPOINT_URL_LAMBDA"] ?? "";
    const before = runtime.stats().invocations["inbox"];

    const path = "/2015-03-31/functions/fixture-dev-inbox/invocations";

    expect(await ask(url, { path })).toMatchObject({ status: 403 });
    expect(runtime.stats().invocations["inbox"]).toBe(before);
  });
});
