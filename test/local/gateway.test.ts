import { once } from "node:events";
import { request, type IncomingMessage } from "node:http";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { WebSocket } from "ws";
import { startStack, type LocalRuntime } from "../../infra/local/local.ts";
import { connect, type TestClient } from "./fixtures/client.ts";
import { createLog } from "./fixtures/log.ts";
import { post } from "./fixtures/post.ts";
import { topology } from "./fixtures/topology.ts";

const app = fileURLToPath(new URL("fixtures/app.ts", import.meta.url));
const log = createLog();
let runtime: LocalRuntime;
let callbackUrl: string;

beforeAll(async () => {
  runtime = await startStack(topology, { app, log: log.write });
  callbackUrl = `${runtime.url}/dev`;
});
afterAll(() => runtime.stop());

/** A client whose OPEN has come, and its connection's id. */
async function open(): Promise<TestClient & { connectionId: string }> {
  const before = new Set(runtime.gateway.connections().map(({ connectionId }) => connectionId));
  const client = await connect(`${runtime.url}/dev`);
  expect(await client.next()).toBe("open");
  const opened = runtime.gateway.connections().find(({ connectionId }) => !before.has(connectionId));
  return { ...client, connectionId: opened!.connectionId };
}

const call = (
  method: string,
  connectionId: string,
  headers: Record<string, string> = { authorization: "AWS4-HMAC-SHA256 x" },
) => fetch(`${callbackUrl}/@connections/${connectionId}`, { method, headers });

/** The path as it is written, which `fetch` would normalise. */
const getRaw = (path: string): Promise<{ status: number; body: string; type: string | undefined }> =>
  new Promise((resolve, reject) => {
    request({ host: "127.0.0.1", port: runtime.port, path }, (response) => {
      let body = "";
      response.setEncoding("utf8").on("data", (chunk: string) => (body += chunk));
      response.on("end", () =>
        resolve({ status: response.statusCode ?? 0, body, type: response.headers["content-type"] }),
      );
    })
      .on("error", reject)
      .end();
  });

describe("a handshake", () => {
  it.each([
    "/socket.io/?EIO=4",
    "/socket.io?EIO=4",
    "/socket.io/any/thing?EIO=4",
    "/dev?EIO=4",
    "/dev/?EIO=4",
  ])("is accepted at %s", async (path) => {
    const client = await connect(`${runtime.url}${path}`, "");

    expect(await client.next()).toBe("open");
    client.socket.close();
  });

  it.each([
    ["no identity source", "/dev", 401],
    ["an empty identity source", "/dev?EIO=", 401],
    ["an authorizer that throws Unauthorized", "/dev?EIO=4&verdict=unauthorized", 401],
    ["an authorizer that denies", "/dev?EIO=4&verdict=deny", 403],
    ["an authorizer that throws", "/dev?EIO=4&verdict=throw", 500],
    ["an authorizer that answers no policy", "/dev?EIO=4&verdict=malformed", 500],
    ["an authorizer whose process ends", "/dev?EIO=4&verdict=crash", 500],
    ["a $connect integration that fails", "/dev?EIO=4&sid=not%20a%20group", 500],
    ["a path below the stage", "/dev/socket.io/?EIO=4", 403],
    ["a path that goes on otherwise", "/socket.iox/?EIO=4", 404],
    ["another path", "/elsewhere/?EIO=4", 404],
  ])("with %s is refused: %s → %i", async (_, path, status) => {
    await expect(connect(`${runtime.url}${path}`, "")).rejects.toThrow(
      `Unexpected server response: ${status}`,
    );
  });

  it("does not run the authorizer without its identity source", async () => {
    const before = runtime.stats().invocations["connect"];

    await expect(connect(`${runtime.url}/dev`, "transport=websocket")).rejects.toThrow("401");

    expect(runtime.stats().invocations["connect"]).toBe(before);
  });
});

describe("a frame", () => {
  it("reaches the function as SQS hands it over", async () => {
    const client = await open();
    client.socket.send("event");

    const event = JSON.parse(await client.next()) as { Records: Record<string, unknown>[] };
    const [record] = event.Records;
    expect(record).toEqual({
      messageId: expect.stringMatching(/^[0-9a-f-]{36}$/),
      receiptHandle: expect.any(String),
      body: expect.stringMatching(/^MESSAGE,[\w-]{20},[\w-]{15}=,\d{13},ZXZlbnQ=$/),
      attributes: {
        ApproximateReceiveCount: "1",
        SentTimestamp: expect.stringMatching(/^\d{13}$/),
        SequenceNumber: expect.stringMatching(/^\d{20}$/),
        MessageGroupId: expect.stringMatching(/^[\w-]{20}$/),
        SenderId: expect.any(String),
        MessageDeduplicationId: expect.stringMatching(/^[\w-]{15}=$/),
        ApproximateFirstReceiveTimestamp: expect.stringMatching(/^\d{13}$/),
      },
      messageAttributes: {},
      md5OfBody: expect.stringMatching(/^[0-9a-f]{32}$/),
      eventSource: "aws:sqs",
      eventSourceARN: "arn:aws:sqs:us-east-1:000000000000:mailbox.fifo",
      awsRegion: "us-east-1",
    });
    client.socket.close();
  });

  it("keeps its place: two hundred sent at once are answered in order", async () => {
    const client = await open();
    for (let index = 0; index < 200; index += 1) client.socket.send(`echo ${index}`);

    for (let index = 0; index < 200; index += 1) expect(await client.next()).toBe(String(index));
    client.socket.close();
  });

  it("may be empty, and twice the same", async () => {
    const client = await open();
    for (const frame of ["", "", "echo same", "echo same"]) client.socket.send(frame);

    expect([await client.next(), await client.next()]).toEqual(["same", "same"]);
    client.socket.close();
  });

  it("of 32 KB passes, one byte more closes with 1009", async () => {
    const client = await open();
    client.socket.send("echo fits".padEnd(32 * 1024));
    expect((await client.next()).trimEnd()).toBe("fits");

    client.socket.send("x".repeat(32 * 1024 + 1));

    expect(await client.closed).toBe(1009);
    expect(await call("GET", encodeURIComponent(client.connectionId))).toMatchObject({ status: 410 });
  });

  it("that is binary closes with 1003", async () => {
    const client = await open();
    client.socket.send(Buffer.from([4, 1]));

    expect(await client.closed).toBe(1003);
    await log.waitFor(`,${client.connectionId},`);
  });
});

describe("the @connections API", () => {
  const unknown = "PJqB0fHsqRcCHlw=";

  it("answers 410 for a connection that is not there", async () => {
    const response = await call("POST", encodeURIComponent(unknown));

    expect(response.status).toBe(410);
    expect(response.headers.get("x-amzn-errortype")).toBe("GoneException");
    expect(await response.json()).toHaveProperty("message");
    expect((await call("DELETE", encodeURIComponent(unknown))).status).toBe(410);
  });

  it.each(["nonsense", "%E0%A4%A", "PJqB0fHsqRcCHlw", `${unknown}${unknown}`])(
    "answers 400 for the id %s",
    async (id) => {
      const response = await call("POST", id);

      expect(response.status).toBe(400);
      expect(response.headers.get("x-amzn-errortype")).toBe("BadRequestException");
    },
  );

  it("answers 403 to a request that nobody signed", async () => {
    expect((await call("POST", encodeURIComponent(unknown), {})).status).toBe(403);
  });

  it("takes 128 KB, and answers 413 to a byte more", async () => {
    const client = await open();

    expect(await post(callbackUrl, client.connectionId, "x".repeat(128 * 1024))).toBe(200);
    expect(await post(callbackUrl, client.connectionId, "x".repeat(128 * 1024 + 1))).toBe(413);
    expect(await client.next()).toHaveLength(128 * 1024);
    client.socket.close();
  });

  it("delivers posts in the order in which they arrive, as text", async () => {
    const client = await open();
    for (let index = 0; index < 50; index += 1)
      await post(callbackUrl, client.connectionId, Buffer.from(`ü${index}`));

    for (let index = 0; index < 50; index += 1) expect(await client.next()).toBe(`ü${index}`);
    client.socket.close();
  });

  it("answers 429 to throttled posts and sends nothing", async () => {
    const client = await open();
    const before = runtime.stats().posts;
    runtime.gateway.throttlePosts(1);
    expect(await post(callbackUrl, client.connectionId, "lost")).toBe(429);
    runtime.gateway.throttlePosts(0);

    expect(await post(callbackUrl, client.connectionId, "kept")).toBe(200);
    expect(await client.next()).toBe("kept");
    expect(runtime.stats().posts).toBe(before + 1);
    client.socket.close();
  });

  it("closes with 1000, after which the connection is gone", async () => {
    const client = await open();
    const id = encodeURIComponent(client.connectionId);

    expect((await call("DELETE", id)).status).toBe(204);

    expect((await call("POST", id)).status).toBe(410);
    expect(await client.closed).toBe(1000);
    await log.waitFor(`,${client.connectionId},`);
  });

  it("describes a connection", async () => {
    const client = await open();

    const response = await call("GET", encodeURIComponent(client.connectionId));

    expect(await response.json()).toEqual({
      connectedAt: expect.stringMatching(/^\d{4}-.*Z$/),
      identity: { sourceIp: "127.0.0.1" },
      lastActiveAt: expect.stringMatching(/^\d{4}-.*Z$/),
    });
    client.socket.close();
  });
});

describe("a connection that ends", () => {
  it("tells the mailbox once", async () => {
    const client = await open();
    client.socket.close(1000);

    await log.waitFor(`,${client.connectionId},`);
    await runtime.idle();
    expect(log.lines.filter((line) => line.includes(`,${client.connectionId},`))).toHaveLength(1);
  });

  it("tells nobody while disconnect events are suppressed", async () => {
    const client = await open();
    runtime.gateway.suppressDisconnectEvents(true);
    client.socket.close();
    await client.closed;
    const last = await open();
    runtime.gateway.suppressDisconnectEvents(false);
    last.socket.close();

    await log.waitFor(`,${last.connectionId},`);
    expect(log.lines.join("\n")).not.toContain(`,${client.connectionId},`);
  });

  it("stays half-open when its network is dropped, until somebody closes it", async () => {
    const client = await open();
    runtime.gateway.dropNetwork(client.connectionId);
    expect(await client.closed).toBe(1006);

    expect(await post(callbackUrl, client.connectionId, "into the void")).toBe(200);
    expect(runtime.gateway.connections().map(({ connectionId }) => connectionId)).toContain(
      client.connectionId,
    );
    expect(log.lines.join("\n")).not.toContain(`,${client.connectionId},`);
    await call("DELETE", encodeURIComponent(client.connectionId));
    await log.waitFor(`,${client.connectionId},`);
    expect(await post(callbackUrl, client.connectionId, "late")).toBe(410);
  });
});

describe("a page", () => {
  it.each([
    ["/", 200, "<h1>front</h1>\n", "text/html; charset=utf-8"],
    ["/nested/deep.txt?x=1", 200, "deep\n", "text/plain; charset=utf-8"],
    ["/nested", 404, '{"message":"Not Found"}', "application/json"],
    ["/../app.ts", 404, '{"message":"Not Found"}', "application/json"],
    ["/%2e%2e/app.ts", 404, '{"message":"Not Found"}', "application/json"],
    ["/..%2fapp.ts", 404, '{"message":"Not Found"}', "application/json"],
    ["/%00", 404, '{"message":"Not Found"}', "application/json"],
    ["/%zz", 404, '{"message":"Not Found"}', "application/json"],
    [
      "/socket.io/?EIO=4&transport=polling",
      400,
      '{"code":0,"message":"Transport unknown"}',
      "application/json",
    ],
    [
      "/socket.io?EIO=4&transport=polling",
      400,
      '{"code":0,"message":"Transport unknown"}',
      "application/json",
    ],
    ["/socket.io/socket.io.nope.js", 400, '{"code":0,"message":"Transport unknown"}', "application/json"],
    ["/dev", 403, '{"message":"Forbidden"}', "application/json"],
  ])("at %s answers %i", async (path, status, body, type) => {
    expect(await getRaw(path)).toEqual({ status, body, type });
  });
});

it("takes an offer of permessage-deflate, with a window of its own", async () => {
  const socket = new WebSocket(`${runtime.url.replace("http", "ws")}/dev?EIO=4`);

  const [response] = (await once(socket, "upgrade")) as [IncomingMessage];
  socket.terminate();

  expect(response.headers["sec-websocket-extensions"]).toBe("permessage-deflate; server_max_window_bits=12");
});

describe("a stack with limits of its own", () => {
  it("closes idle and old connections with 1001, and answers a failed integration with a frame", async () => {
    const ownLog = createLog();
    const broken = { kind: "queue", queueName: "mailbox.fifo", template: "Action=Nothing" } as const;
    const own = await startStack(
      { ...topology, routes: { ...topology.routes, $default: broken } },
      { app, log: ownLog.write, idleTimeoutMs: 2_000, maxDurationMs: 5_000 },
    );
    try {
      const idle = await connect(`${own.url}/dev`);
      const talking = await connect(`${own.url}/dev`);
      expect(await talking.next()).toBe("open");
      talking.socket.send("anything");
      expect(JSON.parse(await talking.next())).toEqual({
        message: "Internal server error",
        connectionId: expect.stringMatching(/^[\w-]{15}=$/),
        requestId: expect.stringMatching(/^[\w-]{15}=$/),
      });
      const timer = setInterval(() => talking.socket.send("x"), 100);
      const openedAtMs = performance.now();

      expect(await idle.closed).toBe(1001);
      expect(talking.socket.readyState).toBe(talking.socket.OPEN);
      expect(await talking.closed).toBe(1001);
      expect(performance.now() - openedAtMs).toBeGreaterThan(2_000);
      clearInterval(timer);
    } finally {
      await own.stop();
    }
  });

  it("closes with 1008 when frames are throttled, and with 1012 when it stops", async () => {
    const own = await startStack(topology, { app, log: () => {}, faults: { throttledFrameEvery: 2 } });
    const [eager, patient] = await Promise.all([connect(`${own.url}/dev`), connect(`${own.url}/dev`)]);
    eager.socket.send("a");
    eager.socket.send("b");

    const throttled = await eager.closed;
    const stopped = own.stop();

    expect([throttled, await patient.closed]).toEqual([1008, 1012]);
    await stopped;
  });

  it("passes binary frames on as text, and text for them as binary, where it is told to", async () => {
    const own = await startStack(topology, { app, log: () => {}, allowBinaryFrames: true });
    try {
      const client = await connect(`${own.url}/dev`);
      expect(await client.next()).toBe("open");
      client.socket.send(Buffer.from([1, 2, 3, 4]));

      expect(await client.next()).toBe("binary 01020304");
    } finally {
      await own.stop();
    }
  });
});
