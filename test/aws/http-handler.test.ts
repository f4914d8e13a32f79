import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2 } from "aws-lambda";
import { createRequire } from "node:module";
import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from "node:http";
import { text } from "node:stream/consumers";
import { gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { createHttpHandler } from "../../lib/aws/http-handler.ts";
import type { Server } from "../../lib/socketio/server.ts";
import { createGate, Rig } from "../support/rig.ts";
import { drain } from "../support/manual-clock.ts";

/** Without types here. */
const express = createRequire(import.meta.url)("express") as (() => ExpressApp) & { json(): RequestListener };
interface ExpressApp extends RequestListener {
  use(listener: RequestListener): ExpressApp;
  post(route: string, handler: (request: ExpressRequest, response: ExpressResponse) => void): void;
}
interface ExpressRequest {
  readonly params: Readonly<Record<string, string>>;
  readonly body: unknown;
}
interface ExpressResponse {
  status(code: number): { json(value: unknown): void };
}

/** As an HTTP API sends it, payload format 2.0: cookies apart from headers, no body where none is. */
const event = (
  rawPath: string,
  own: Partial<APIGatewayProxyEventV2> & { readonly method?: string } = {},
): APIGatewayProxyEventV2 => {
  const { method = "GET", headers = {}, ...rest } = own;
  return {
    version: "2.0",
    routeKey: "$default",
    rawPath,
    rawQueryString: "",
    headers: { host: "abcdef1234.execute-api.eu-central-1.amazonaws.com", ...headers },
    requestContext: {
      accountId: "123456789012",
      apiId: "abcdef1234",
      domainName: "abcdef1234.execute-api.eu-central-1.amazonaws.com",
      domainPrefix: "abcdef1234",
      http: {
        method,
        path: rawPath,
        protocol: "HTTP/1.1",
        sourceIp: "203.0.113.7",
        userAgent: "Mozilla/5.0",
      },
      requestId: "fDzLTGTjIAMFxMw=",
      routeKey: "$default",
      stage: "$default",
      time: "19/Feb/2024:07:21:46 +0000",
      timeEpoch: 1_708_327_306_706,
    },
    isBase64Encoded: false,
    ...rest,
  };
};

type Route = (request: IncomingMessage, response: ServerResponse, io: Server) => unknown;

/** The routes of an app that is attached to its HTTP server, with much time left. */
function build(route?: Route) {
  const rig = new Rig((io) => {
    const server = createServer();
    if (route) server.on("request", (request, response) => void route(request, response, io));
    io.attach(server);
    io.on("connection", () => undefined);
  });
  const { runtime, app } = rig.instances[0]!;
  const handle = createHttpHandler(runtime, app);
  const left = (ms: number) => ({ getRemainingTimeInMillis: () => ms });
  return {
    rig,
    handle: (asked: APIGatewayProxyEventV2, leftMs = 20_000) => handle(asked, left(leftMs)),
    withoutContext: handle,
  };
}

const bytesOf = ({ body = "", isBase64Encoded = false }: APIGatewayProxyStructuredResultV2): Buffer =>
  Buffer.from(body, isBase64Encoded ? "base64" : "utf8");

describe("a request to a route", () => {
  it("has method, address, query, headers, cookies and body as the gateway sent them", async () => {
    const seen: unknown[] = [];
    const { handle } = build(async (request, response) => {
      const { method, url, headers, socket } = request;
      seen.push(method, url, headers.cookie, headers["x-own"], socket.remoteAddress, await text(request));
      response.end();
    });

    await handle(
      event("/a%20b", {
        method: "PUT",
        rawQueryString: "q=1&q=%C5%BE",
        headers: { "x-own": "yes", "content-type": "text/plain" },
        cookies: ["a=1", "b=2"],
        body: "Žofie",
      }),
    );

    expect(seen).toEqual(["PUT", "/a%20b?q=1&q=%C5%BE", "a=1; b=2", "yes", "203.0.113.7", "Žofie"]);
  });

  it("has its bytes, where the gateway sends them as base64", async () => {
    const { handle } = build(async (request, response) => {
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk as Buffer);
      response.end(JSON.stringify([...Buffer.concat(chunks)]));
    });
    const body = Buffer.from([0, 255, 254]).toString("base64");

    const answer = await handle(event("/", { method: "POST", body, isBase64Encoded: true }));

    expect(bytesOf(answer).toString()).toBe("[0,255,254]");
  });

  it("has no body and no length where none was sent, so that a parser of bodies leaves it alone", async () => {
    const { handle } = build((request, response) => {
      response.end(JSON.stringify(["body" in request, request.headers["content-length"] ?? null]));
    });

    expect(bytesOf(await handle(event("/"))).toString()).toBe("[false,null]");
  });

  it("is parsed by Express", async () => {
    const app = express().use(express.json());
    app.post("/news/:id", (request, response) => {
      response.status(201).json([request.params.id, request.body]);
    });
    const { handle } = build(app);

    const answer = await handle(
      event("/news/7", {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: '{"headline":"hello"}',
      }),
    );

    expect(answer).toMatchObject({ statusCode: 201, body: '["7",{"headline":"hello"}]' });
    expect(answer.headers).toMatchObject({ "content-type": "application/json; charset=utf-8" });
  });
});

describe("an answer", () => {
  it.each([
    "text/plain",
    "text/html; charset=utf-8",
    "application/json",
    "image/svg+xml",
    "application/ld+json",
  ])("of %s is text", async (type) => {
    const { handle } = build((_, response) => response.setHeader("content-type", type).end("Žofie"));

    expect(await handle(event("/"))).toMatchObject({
      statusCode: 200,
      body: "Žofie",
      isBase64Encoded: false,
    });
  });

  it.each([
    ["an image", { "content-type": "image/gif" }, Buffer.from([71, 73, 70, 0, 255, 254])],
    ["no type", {}, Buffer.from([0, 255])],
    ["text in another charset", { "content-type": "text/plain; charset=ISO-8859-2" }, Buffer.from([174])],
    ["compressed text", { "content-type": "text/plain", "content-encoding": "gzip" }, gzipSync("hello")],
  ])("of %s is base64, and comes out as it was", async (_, headers, bytes) => {
    const { handle } = build((request, response) => response.writeHead(200, headers).end(bytes));

    const answer = await handle(event("/"));

    expect(answer.isBase64Encoded).toBe(true);
    expect(bytesOf(answer)).toEqual(bytes);
  });

  it.each(["latin1", "binary", "base64", "hex", "utf16le", "ascii", "utf8"] as const)(
    "that is written as a string in %s has the bytes that Node would send",
    async (encoding) => {
      const bytes = Buffer.from([71, 73, 70, 0, 127, 254, 255, 0]);
      const written = bytes.toString(encoding);
      const { handle } = build((_, response) => {
        response.setHeader("content-type", "image/gif");
        response.write(written, encoding);
        response.end(written, encoding);
      });

      const sent = Buffer.from(written, encoding);
      expect(bytesOf(await handle(event("/")))).toEqual(Buffer.concat([sent, sent]));
    },
  );

  it.each([
    ["an object", [{ "x-own": "yes", "x-list": ["a", "b"] }]],
    ["a list", [["x-own", "yes", "x-list", "a", "x-list", "b"]]],
    ["an object behind a reason", ["Made", { "x-own": "yes", "x-list": ["a", "b"] }]],
  ])("has the headers that its head is written with, as %s", async (_, head) => {
    const { handle } = build((request, response) => {
      response
        .setHeader("x-before", "1")
        .writeHead(201, ...(head as []))
        .end("made");
    });

    const { statusCode, headers } = await handle(event("/"));

    expect(statusCode).toBe(201);
    expect(headers).toMatchObject({ "x-before": "1", "x-own": "yes", "x-list": "a, b" });
  });

  it("cannot be begun twice", async () => {
    const { rig, handle } = build((_, response) => {
      response.writeHead(200).end("page");
      try {
        response.setHeader("x-late", "1");
      } catch (error) {
        rig.logs.push({ level: "test", message: String((error as { code?: string }).code) });
      }
    });

    await handle(event("/"));

    expect(rig.logs).toContainEqual({ level: "test", message: "ERR_HTTP_HEADERS_SENT" });
  });

  it("in pieces arrives whole", async () => {
    const { handle } = build((_, response) => {
      response.write("one,");
      setImmediate(() => response.end("two"));
    });

    expect(bytesOf(await handle(event("/"))).toString()).toBe("one,two");
  });

  it.each([
    ["none", [], undefined],
    ["one", ["a=1; Path=/"], ["a=1; Path=/"]],
    [
      "two",
      ["a=1; Expires=Wed, 21 Oct 2026 07:28:00 GMT", "b=2"],
      ["a=1; Expires=Wed, 21 Oct 2026 07:28:00 GMT", "b=2"],
    ],
  ])("keeps its cookies apart from its headers: %s", async (_, cookies, expected) => {
    const { handle } = build((request, response) => {
      for (const cookie of cookies) response.appendHeader("set-cookie", cookie);
      response.end();
    });

    const answer = await handle(event("/"));

    expect(answer.cookies).toEqual(expected);
    expect(answer.headers).not.toHaveProperty("set-cookie");
  });

  it("to HEAD has headers and no body", async () => {
    const { handle } = build((_, response) => response.setHeader("x-own", "yes").end("page"));

    const answer = await handle(event("/", { method: "HEAD" }));

    expect([answer.body, answer.headers?.["x-own"]]).toEqual(["", "yes"]);
  });

  it("is 404 where nobody listens", async () => {
    expect(await build().handle(event("/"))).toMatchObject({ statusCode: 404 });
  });

  it("is waited for as long as it takes where nobody says how long that may be", async () => {
    const { withoutContext } = build((_, response) => response.end("page"));

    expect(await withoutContext(event("/"))).toMatchObject({ statusCode: 200 });
  });
});

describe("what a route emits", () => {
  it("is sent before its invocation ends", async () => {
    const { rig, handle } = build((_, response, io) => {
      io.emit("news", "hello");
      response.end();
    });
    const client = await rig.connect();
    const sent = createGate<"sent">();
    rig.transport.answer(client.connectionId, sent.passed);
    let hasEnded = false;

    const invocation = handle(event("/")).finally(() => (hasEnded = true));
    for (let turns = 0; turns < 20; turns += 1) await drain();
    expect(hasEnded).toBe(false);
    sent.open("sent");

    expect(await invocation).toMatchObject({ statusCode: 200 });
    expect(client.received).toEqual(['42["news","hello"]']);
  });

  it("is sent where the route never answers, too", async () => {
    const { rig, handle } = build((_, __, io) => io.emit("news", "hello"));
    const client = await rig.connect();

    expect(await handle(event("/"), 1_000)).toMatchObject({ statusCode: 504 });
    expect(client.received).toEqual(['42["news","hello"]']);
  });

  it("is answered for, and logged, where it cannot be sent", async () => {
    const { rig, handle } = build((_, response, io) => {
      io.emit("news", "hello");
      response.end("page");
    });
    const client = await rig.connect();
    const sent = createGate<"sent">();
    sent.fail(new Error("away"));
    rig.transport.answer(client.connectionId, sent.passed);

    expect(await handle(event("/"))).toMatchObject({ statusCode: 200 });
    expect(rig.logs).toContainEqual(expect.objectContaining({ level: "error" }));
  });
});

describe("a route that goes wrong", () => {
  it("and never answers is answered for with 504, a second before the invocation would end", async () => {
    const { rig, handle } = build(() => undefined);

    const answer = await handle(event("/slow", { method: "POST" }), 1_001);

    expect(answer).toEqual({ statusCode: 504, body: '{"message":"Gateway Timeout"}' });
    expect(rig.logged("aws.http_unanswered")).toMatchObject([
      { level: "error", method: "POST", path: "/slow" },
    ]);
  });

  it("and throws is answered for with 500, and told with its path", async () => {
    const error = new Error("my own mistake");
    const rig = new Rig((io) => {
      io.attach(
        createServer(() => {
          throw error;
        }),
      );
    });
    const { runtime, app } = rig.instances[0]!;

    const answer = await createHttpHandler(runtime, app)(event("/broken"));

    expect(answer).toEqual({ statusCode: 500, body: '{"message":"Internal Server Error"}' });
    expect(rig.logs).toContainEqual({
      level: "error",
      message: "a request failed",
      method: "GET",
      path: "/broken",
      error,
    });
  });

  it("leaves the next request alone", async () => {
    const { handle } = build((request, response) => {
      if (request.url !== "/slow") response.end("page");
    });

    await handle(event("/slow"), 1_000);

    expect(await handle(event("/"))).toMatchObject({ statusCode: 200 });
  });
});
