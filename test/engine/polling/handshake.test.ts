import { describe, expect, it } from "vitest";
import { createEngine } from "../../../lib/engine/engine.ts";
import { PollClient, request } from "../../support/poll-client.ts";
import { Rig } from "../../support/rig.ts";

const silent = () => undefined;
const open =
  /^0\{"sid":"[A-Za-z0-9_-]{20}","upgrades":\["websocket"\],"pingInterval":25000,"pingTimeout":20000,"maxPayload":1000000\}$/;

describe("a handshake over HTTP", () => {
  it("is answered with OPEN and its five keys", async () => {
    const rig = new Rig(silent, { pingInterval: 25_000, pingTimeout: 20_000 });

    const { status, headers, body } = await request(rig);

    expect(status).toBe(200);
    expect(headers).toEqual({ "content-type": "text/plain; charset=UTF-8", "cache-control": "no-store" });
    expect(body).toMatch(open);
  });

  it("costs one write and nothing else", async () => {
    const rig = new Rig(silent);

    await request(rig);

    expect(rig.instances[0]!.life.calls).toEqual(["store.createPollingSession"]);
    expect(rig.store.countRows()).toMatchObject({ sessions: 1, handshakes: 1, beats: 1, outboxes: 1 });
  });

  it.each([
    ["to a client of a server of both transports", {}, ["websocket"]],
    ["to nobody where upgrades are off", { allowUpgrades: false }, []],
    ["to nobody where there is no WebSocket", { transports: ["polling"] as const }, []],
  ])("offers an upgrade %s", async (_, options, upgrades) => {
    const rig = new Rig(silent, options);

    const { body } = await request(rig);

    expect(JSON.parse(body.toString().slice(1))).toMatchObject({ upgrades });
  });

  it.each([
    ["no transport", { query: { transport: undefined } }, 400, 0, "Transport unknown"],
    ["an unknown transport", { query: { transport: "abc" } }, 400, 0, "Transport unknown"],
    ["a transport named like a property", { query: { transport: "__proto__" } }, 400, 0, "Transport unknown"],
    ["a WebSocket without an upgrade", { query: { transport: "websocket" } }, 400, 3, "Bad request"],
    ["no protocol version", { query: { EIO: undefined } }, 400, 5, "Unsupported protocol version"],
    ["protocol version abc", { query: { EIO: "abc" } }, 400, 5, "Unsupported protocol version"],
    ["protocol version 3", { query: { EIO: "3" } }, 400, 5, "Unsupported protocol version"],
    ["protocol version 5", { query: { EIO: "5" } }, 400, 5, "Unsupported protocol version"],
    ["a POST", { body: "40" }, 400, 2, "Bad handshake method"],
    ["a PUT", { method: "PUT" }, 400, 2, "Bad handshake method"],
    ["a HEAD", { method: "HEAD" }, 400, 2, "Bad handshake method"],
    ["an OPTIONS without cors", { method: "OPTIONS" }, 400, 2, "Bad handshake method"],
  ])(
    "is refused with %s, which io.engine hears, and nothing is stored",
    async (_, given, status, code, message) => {
      const errors: unknown[] = [];
      const rig = new Rig((io) => {
        io.engine.on("connection_error", (error) =>
          errors.push([error.code, error.message, error.req.method]),
        );
      });

      const answer = await request(rig, given);

      expect(answer).toEqual({
        status,
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ code, message }),
      });
      const method = "method" in given ? given.method : "body" in given ? "POST" : "GET";
      expect(errors).toEqual([[code, message, method]]);
      expect(rig.instances[0]!.life.calls).toEqual([]);
    },
  );

  it("is refused where polling is off", async () => {
    const rig = new Rig(silent, { transports: ["websocket"] });

    expect(await request(rig)).toMatchObject({
      status: 400,
      body: '{"code":0,"message":"Transport unknown"}',
    });
  });

  it.each([
    ["its own words", "not today", '{"code":4,"message":"not today"}'],
    ["the standard ones", null, '{"code":4,"message":"Forbidden"}'],
  ])("is refused by allowRequest with 403, in %s", async (_, words, body) => {
    const seen: unknown[] = [];
    const rig = new Rig(silent, {
      allowRequest: ({ method, headers, query, address }, callback) => {
        seen.push([method, headers["origin"], query["token"], address]);
        callback(words, false);
      },
    });

    const answer = await request(rig, { query: { token: "t" }, headers: { origin: "https://a.example" } });

    expect([answer.status, answer.body]).toEqual([403, body]);
    expect(seen).toEqual([["GET", "https://a.example", "t", "192.0.2.7"]]);
    expect(rig.instances[0]!.life.calls).toEqual([]);
  });

  it("is what every later turn sees in socket.handshake, over both transports", async () => {
    const rig = new Rig(
      (io) => {
        io.on("connection", (socket) => {
          socket.on("who", (ack: (...args: unknown[]) => void) => {
            const { address, headers, query, auth, xdomain } = socket.handshake;
            ack(address, headers["cookie"], query["token"], query["transport"], auth, xdomain);
          });
        });
      },
      { instances: 3 },
    );
    const client = await PollClient.open(rig, {
      query: { token: "t" },
      headers: { cookie: "a=1", origin: "https://a.example" },
    });
    await client.send('40{"name":"Ann"}');
    await client.fetch();

    await client.send('420["who"]');
    const polled = await client.fetch();
    const socket = await client.upgrade();
    await socket.send('420["who"]');

    const answer = '430["192.0.2.7","a=1","t","polling",{"name":"Ann"},true]';
    expect(polled).toBe(answer);
    expect(socket.received).toEqual([answer]);
  });

  it("opens a session of a bare engine app", async () => {
    const engine = createEngine({ onMessage: (session, data) => session.send(data) });
    const rig = new Rig(engine, { instances: 2 });
    const client = await PollClient.open(rig);

    await client.send("4hello", "bAQID");

    expect(await client.fetch()).toBe("4hello\x1ebAQID");
  });
});

type Headers = Record<string, string | string[]>;

describe("the cookie of a handshake", () => {
  it.each([
    ["io, for true", true, "io=SID; Path=/; HttpOnly; SameSite=Lax"],
    ["another name", { name: "sid", secure: true }, "sid=SID; Path=/; HttpOnly; Secure; SameSite=Lax"],
    [
      "other attributes",
      { path: "/chat", httpOnly: false, sameSite: "strict", maxAge: 60 } as const,
      "io=SID; Max-Age=60; Path=/chat; SameSite=Strict",
    ],
  ])("is %s, and comes once", async (_, cookie, expected) => {
    const rig = new Rig(silent, { cookie });

    const { headers, body } = await request(rig);
    const sid = /"sid":"([^"]+)"/.exec(body.toString())![1]!;
    const later = await request(rig, { query: { sid }, body: "40" });

    expect(headers["set-cookie"]).toEqual([expected.replace("SID", sid)]);
    expect(later.headers).not.toHaveProperty("set-cookie");
  });
});

describe("io.engine", () => {
  it.each([
    ["under another spelling", (headers: Headers) => void (headers["set-cookie"] = "mine=1")],
    ["in a list", (headers: Headers) => void (headers["set-cookie"] = ["mine=1"])],
    ["beside it", (headers: Headers) => void (headers["Set-Cookie"] as string[]).push("mine=1")],
  ])("may set a cookie beside the session's, %s", async (_, set) => {
    const rig = new Rig((io) => void io.engine.on("initial_headers", (headers) => set(headers)), {
      cookie: true,
    });

    const { headers } = await request(rig);

    expect(headers["set-cookie"]).toEqual([expect.stringMatching(/^io=.{20}; Path/), "mine=1"]);
  });

  it("hears of the headers of answers, not of refusals and preflights", async () => {
    const heard: string[] = [];
    const rig = new Rig(
      (io) => {
        io.engine.on("headers", (_, req) => heard.push(req.method));
      },
      { cors: { origin: "*" } },
    );

    const { body } = await request(rig);
    const sid = /"sid":"([^"]+)"/.exec(body.toString())![1]!;
    await request(rig, { query: { sid }, body: "40" });
    await request(rig, { query: { sid: "AAAAAAAAAAAAAAAAAAAA" } });
    await request(rig, { query: { transport: "abc" } });
    await request(rig, { query: { sid }, method: "PUT" });
    await request(rig, { method: "OPTIONS" });

    expect(heard).toEqual(["GET", "POST"]);
  });

  it("may change the headers of the first answer, and those of every answer", async () => {
    const rig = new Rig((io) => {
      io.engine.on("initial_headers", (headers, req) => {
        headers["X-First"] = req.query["token"] ?? "";
        headers["set-cookie"] = "mine=1";
      });
      io.engine.on("headers", (headers) => {
        headers["x-every"] = "yes";
        delete headers["cache-control"];
      });
    });

    const first = await request(rig, { query: { token: "t" } });
    const sid = /"sid":"([^"]+)"/.exec(first.body.toString())![1]!;
    const posted = await request(rig, { query: { sid }, body: "40" });

    expect(first.headers).toEqual({
      "content-type": "text/plain; charset=UTF-8",
      "x-first": "t",
      "set-cookie": ["mine=1"],
      "x-every": "yes",
    });
    expect(posted.headers).toEqual({ "content-type": "text/html", "x-every": "yes" });
  });
});
