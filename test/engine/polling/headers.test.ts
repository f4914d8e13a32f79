import { gunzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import type { PollResponse } from "../../../lib/engine/polling/http.ts";
import type { ServerOptions } from "../../../lib/socketio/server-options.ts";
import { PollClient, request } from "../../support/poll-client.ts";
import { Rig } from "../../support/rig.ts";

const silent = () => undefined;
const here = "https://here.example";
const there = "https://there.example";

const corsHeaders = (headers: PollResponse["headers"]) =>
  Object.fromEntries(
    Object.entries(headers).filter(([name]) => name.startsWith("access-control-") || name === "vary"),
  );

describe("cors", () => {
  it.each<[string, ServerOptions["cors"], string, object]>([
    ["one origin", { origin: here }, there, { "access-control-allow-origin": here, vary: "Origin" }],
    [
      "a list, to one in it",
      { origin: [here, there] },
      there,
      { "access-control-allow-origin": there, vary: "Origin" },
    ],
    ["a list, to one outside", { origin: [here] }, there, { vary: "Origin" }],
    ["a pattern", { origin: /\.example$/ }, there, { "access-control-allow-origin": there, vary: "Origin" }],
    ["any origin", { origin: "*" }, there, { "access-control-allow-origin": "*" }],
    [
      "credentials",
      { origin: here, credentials: true },
      here,
      { "access-control-allow-origin": here, "access-control-allow-credentials": "true", vary: "Origin" },
    ],
    [
      "a function",
      { origin: (origin, callback) => setImmediate(() => callback(null, origin === here)) },
      here,
      { "access-control-allow-origin": here, vary: "Origin" },
    ],
  ])("answers %s", async (_, cors, origin, expected) => {
    const rig = new Rig(silent, cors === undefined ? {} : { cors });

    const { status, headers } = await request(rig, { headers: { origin } });

    expect(status).toBe(200);
    expect(corsHeaders(headers)).toEqual(expected);
  });

  it("says nothing where it is not set", async () => {
    const rig = new Rig(silent);

    expect(corsHeaders((await request(rig, { headers: { origin: here } })).headers)).toEqual({});
  });

  it.each([
    ["a refusal", { query: { transport: "abc" } }, 400],
    ["a POST of no session", { query: { sid: "AAAAAAAAAAAAAAAAAAAA" }, body: "40" }, 400],
  ])("is on %s too, or the page could not read it", async (_, given, status) => {
    const rig = new Rig(silent, { cors: { origin: here } });

    const answer = await request(rig, { ...given, headers: { origin: here } });

    expect(answer).toMatchObject({ status, headers: { "access-control-allow-origin": here } });
  });

  it.each([
    ["at once", { origin: here, credentials: true, maxAge: 60 }],
    [
      "by a function that takes its time",
      {
        credentials: true,
        maxAge: 60,
        origin: (_: unknown, callback: (error: null, origin: string) => void) =>
          void setImmediate(() => callback(null, here)),
      },
    ],
  ])("answers a preflight with 204, %s, and no session is touched", async (_, cors) => {
    const rig = new Rig(silent, { cors: cors });

    const answer = await request(rig, {
      method: "OPTIONS",
      headers: {
        origin: here,
        "access-control-request-method": "POST",
        "access-control-request-headers": "x-token",
      },
    });

    expect(answer).toEqual({
      status: 204,
      headers: {
        "access-control-allow-origin": here,
        "access-control-allow-credentials": "true",
        "access-control-allow-methods": "GET,HEAD,PUT,PATCH,POST,DELETE",
        "access-control-allow-headers": "x-token",
        "access-control-max-age": "60",
        vary: "Origin, Access-Control-Request-Headers",
        "content-length": "0",
      },
      body: "",
    });
    expect(rig.instances[0]!.life.calls).toEqual([]);
  });

  it.each<[string, NonNullable<ServerOptions["cors"]>]>([
    ["says so", { origin: (_, callback) => callback(new Error("no list today")) }],
    ["says so later", { origin: (_, callback) => void setImmediate(() => callback(new Error("no list"))) }],
    [
      "throws",
      {
        origin: () => {
          throw new Error("no list today");
        },
      },
    ],
  ])("refuses a client over either transport when a function %s, and raises no alarm", async (_, cors) => {
    const errors: unknown[] = [];
    const rig = new Rig((io) => io.engine.on("connection_error", ({ code }) => errors.push(code)), { cors });

    const opened = await request(rig, { headers: { origin: here } });
    const asked = await request(rig, { method: "OPTIONS", headers: { origin: here } });

    const refused = { status: 400, body: '{"code":3,"message":"Bad request"}' };
    expect([opened, asked]).toMatchObject([refused, refused]);
    await expect(rig.admit({}, { origin: here })).rejects.toThrow("Bad request");
    expect(errors).toEqual([3, 3]);
    expect(rig.logs).toEqual([]);
    expect(rig.store.countRows()).toMatchObject({ outboxes: 0, beats: 0 });
  });

  it("lets a WebSocket in whose origin is not on the list, as browsers are the ones to look", async () => {
    const rig = new Rig(silent, { cors: { origin: [there] } });

    await expect(rig.admit({}, { origin: here })).resolves.toBeDefined();
  });
});

describe("compression", () => {
  /** A session with a body of exactly so many bytes to fetch. */
  async function waiting(options: ServerOptions, bytes: number) {
    const rig = new Rig(silent, options);
    const client = await PollClient.connect(rig);
    rig.io.emit("x", "y".repeat(bytes - '42["x",""]'.length));
    await rig.io.flush();
    return client;
  }

  it.each<[string, ServerOptions, number, string, boolean]>([
    ["a body of 1024 bytes", {}, 1024, "gzip, deflate, br", true],
    ["none of 1023", {}, 1023, "gzip, deflate, br", false],
    ["none for a client that takes none", {}, 2048, "identity", false],
    ["none for a client that says nothing", {}, 2048, "", false],
    ["none for a client that refuses it", {}, 2048, "gzip;q=0, deflate", false],
    ["a client that takes anything", {}, 2048, "*", true],
    ["none where it is off", { httpCompression: false }, 2048, "gzip", false],
    ["from the app's threshold on", { httpCompression: { threshold: 100 } }, 100, "gzip", true],
    ["from 1024 on for true", { httpCompression: true }, 1024, "gzip", true],
  ])("is for %s", async (_, options, bytes, accepts, isCompressed) => {
    const client = await waiting(options, bytes);

    const { headers, body } = await client.get({ headers: { "accept-encoding": accepts } });

    expect(headers["content-encoding"]).toBe(isCompressed ? "gzip" : undefined);
    const text = isCompressed ? gunzipSync(body).toString() : body;
    expect(text).toBe(`42["x","${"y".repeat(bytes - '42["x",""]'.length)}"]`);
  });

  it("is not for answers to POSTs, nor for the handshake, which is short", async () => {
    const rig = new Rig(silent);
    const headers = { "accept-encoding": "gzip" };

    const opened = await request(rig, { headers });
    const sid = /"sid":"([^"]+)"/.exec(opened.body.toString())![1]!;
    const posted = await request(rig, { query: { sid }, body: "40", headers });

    expect(opened.headers).not.toHaveProperty("content-encoding");
    expect(posted).toMatchObject({ status: 200, body: "ok" });
    expect(posted.headers).not.toHaveProperty("content-encoding");
  });
});
