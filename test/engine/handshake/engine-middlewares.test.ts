import { gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { systemClock } from "../../../lib/clock.ts";
import { admit } from "../../../lib/engine/handshake/admission.ts";
import { passMiddlewares, type EngineMiddleware } from "../../../lib/engine/handshake/engine-middlewares.ts";
import { toConnectionId } from "../../../lib/ids.ts";
import { Server } from "../../../lib/index.ts";
import { createMemoryStore } from "../../../lib/state/memory-store.ts";
import { ManualClock } from "../../support/manual-clock.ts";

const parts = {
  method: "GET",
  url: "/socket.io/?EIO=4",
  headers: { host: "a.example", cookie: "a=b" },
  query: { EIO: "4" },
  address: "192.0.2.7",
  secure: true,
};

const pass = (...middlewares: EngineMiddleware[]) =>
  passMiddlewares(middlewares, parts, { clock: systemClock });
const answer = { status: 200, headers: { "content-type": "text/plain" }, body: "ok" };

describe("middlewares of the engine", () => {
  it("cost nothing where there are none", async () => {
    expect(await pass()).toBeUndefined();
    expect(await passMiddlewares(undefined, parts, { clock: systemClock })).toBeUndefined();
  });

  it("are given a request of Node, and run one after the other", async () => {
    const seen: unknown[] = [];
    const passage = await pass(
      (request, _, next) => {
        seen.push([request.method, request.url, request.headers.cookie, request._query]);
        setImmediate(next);
      },
      async (request, _, next) => {
        await Promise.resolve();
        seen.push([request.connection.remoteAddress, request.socket.encrypted]);
        next();
      },
    );

    expect(passage?.outcome).toBe("passed");
    expect(seen).toEqual([
      ["GET", "/socket.io/?EIO=4", "a=b", { EIO: "4" }],
      ["192.0.2.7", true],
    ]);
  });

  it("leave what JSON holds, and name what it does not", async () => {
    class Account {
      toJSON() {
        return { name: "ada" };
      }
    }
    const passage = await pass((request, _, next) => {
      request.user = new Account();
      request.tags = ["a"];
      request.logout = () => undefined;
      request.pool = new Map();
      request.long = "x".repeat(70_000);
      next();
    });

    expect(passage).toMatchObject({
      kept: { values: { user: '{"name":"ada"}', tags: '["a"]' }, lost: ["logout", "pool", "long"] },
    });
  });

  it("add headers and cookies to the answer, and may write its body anew", async () => {
    const passage = await pass((_, response, next) => {
      response.setHeader("X-One", 1);
      const { writeHead } = response;
      response.writeHead = (...args: unknown[]) => {
        response.setHeader("set-cookie", ["a=1", "b=2"]);
        return Reflect.apply<unknown, unknown[], unknown>(writeHead, response, args);
      };
      next();
    });

    expect(passage?.outcome === "passed" ? await passage.finish(answer) : undefined).toEqual({
      status: 200,
      headers: { "x-one": "1", "content-type": "text/plain", "set-cookie": ["a=1", "b=2"] },
      body: "ok",
    });
    const zipping = await pass((_, response, next) => {
      response.setHeader("Content-Encoding", "gzip");
      const { end } = response;
      response.end = (body: string) =>
        Reflect.apply<unknown, unknown[], unknown>(end, response, [gzipSync(body)]);
      next();
    });
    const zipped = zipping?.outcome === "passed" ? await zipping.finish(answer) : undefined;
    expect(zipped).toEqual({
      status: 200,
      headers: { "content-encoding": "gzip", "content-type": "text/plain" },
      body: gzipSync("ok"),
    });
  });

  it("may answer instead", async () => {
    const passage = await pass(
      (_, response) => {
        response.writeHead(429, "Too many", { "retry-after": 3 });
        response.write("wait ");
        response.end("a bit");
      },
      () => expect.unreachable(),
    );

    expect(passage).toEqual({
      outcome: "answered",
      answer: { status: 429, headers: { "retry-after": "3" }, body: Buffer.from("wait a bit") },
    });
  });

  it.each<[string, EngineMiddleware]>([
    ["gives an error to next", (_, __, next) => next(new Error("no"))],
    [
      "throws",
      () => {
        throw new Error("no");
      },
    ],
    ["rejects", () => Promise.reject(new Error("no"))],
  ])("refuse the request when one of them %s", async (_, middleware) => {
    expect(await pass(middleware)).toEqual({ outcome: "failed", error: new Error("no") });
  });

  it("refuse the request when one of them does nothing for five seconds", async () => {
    const clock = new ManualClock();
    const passage = passMiddlewares([() => undefined], parts, { clock });

    await clock.advance(5_000);

    expect(await passage).toMatchObject({
      outcome: "failed",
      error: expect.objectContaining({ message: expect.stringContaining("call next() within 5000 ms") }),
    });
  });
});

describe("a WebSocket that a middleware of the engine fails for", () => {
  it("is a bad request, with the error for the log", async () => {
    const clock = new ManualClock();
    const io = new Server();
    io.engine.use((_: unknown, __: unknown, next: (error: Error) => void) => next(new Error("no")));
    const connectionId = toConnectionId("c1=");

    const admission = await admit({ store: createMemoryStore({ clock }), clock }, io.engine, {
      ...parts,
      query: { EIO: "4", transport: "websocket" },
      connectionId,
    });

    expect(admission).toEqual({ admitted: false, code: 3, message: "Bad request", error: new Error("no") });
  });
});
