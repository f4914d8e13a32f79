import type { APIGatewayProxyEventV2 } from "aws-lambda";
import { gunzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { createPollHandler } from "../../lib/aws/poll-handler.ts";
import { Rig, type RigOptions } from "../support/rig.ts";

/** As an HTTP API sends it, payload format 2.0: cookies apart from headers, names in lower case, no body where none is. */
const pollEvent = (own: {
  readonly method?: string;
  readonly rawPath?: string;
  readonly rawQueryString?: string;
  readonly headers?: Record<string, string>;
  readonly cookies?: string[];
  readonly body?: string;
  readonly isBase64Encoded?: boolean;
}): APIGatewayProxyEventV2 => {
  const { method = "GET", rawPath = "/socket.io/", headers = {}, ...rest } = own;
  return {
    version: "2.0",
    routeKey: "ANY /socket.io/{proxy+}",
    rawPath,
    rawQueryString: "EIO=4&transport=polling&t=PkX2p1a",
    headers: {
      accept: "*/*",
      "content-length": "0",
      host: "abcdef1234.execute-api.eu-central-1.amazonaws.com",
      "user-agent": "Mozilla/5.0",
      "x-amzn-trace-id": "Root=1-65d301ca-4a1b1b2f0b0b0b0b0b0b0b0b",
      "x-forwarded-for": "203.0.113.7",
      "x-forwarded-port": "443",
      "x-forwarded-proto": "https",
      ...headers,
    },
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
      routeKey: "ANY /socket.io/{proxy+}",
      stage: "$default",
      time: "19/Feb/2024:07:21:46 +0000",
      timeEpoch: 1_708_327_306_706,
    },
    isBase64Encoded: false,
    ...rest,
  };
};

function build(options: RigOptions & { trustedHops?: number } = {}) {
  const { trustedHops, ...rest } = options;
  const handshakes: unknown[] = [];
  const rig = new Rig((io) => {
    io.on("connection", (socket) => {
      const { address, secure, headers, query } = socket.handshake;
      handshakes.push({ address, secure, cookie: headers["cookie"], query });
      socket.on("echo", (...args: unknown[]) => socket.emit("echoed", ...args));
    });
  }, rest);
  const { runtime, app } = rig.instances[0]!;
  return { rig, handshakes, handle: createPollHandler(runtime, app, trustedHops) };
}

type Handle = ReturnType<typeof build>["handle"];

async function open(handle: Handle, own: Parameters<typeof pollEvent>[0] = {}): Promise<string> {
  const { body } = await handle(pollEvent(own));
  return /"sid":"([^"]+)"/.exec(body ?? "")![1]!;
}

const ofSession = (sid: string): string => `EIO=4&transport=polling&sid=${sid}`;

const text = { "content-type": "text/plain;charset=UTF-8" };

describe("a request to the HTTP API", () => {
  it("opens a session, and another the next time on the same instance", async () => {
    const { rig, handle } = build({ pingInterval: 25_000, pingTimeout: 20_000 });

    const [one, two] = [await handle(pollEvent({})), await handle(pollEvent({}))];

    expect(one).toEqual({
      statusCode: 200,
      headers: { "content-type": "text/plain; charset=UTF-8", "cache-control": "no-store" },
      body: expect.stringMatching(
        /^0\{"sid":"[\w-]{20}","upgrades":\["websocket"\],"pingInterval":25000,"pingTimeout":20000,"maxPayload":1000000\}$/,
      ) as unknown,
      isBase64Encoded: false,
    });
    expect(two.body).not.toBe(one.body);
    expect(rig.store.countRows()).toMatchObject({ sessions: 2, outboxes: 2 });
  });

  it("posts and polls", async () => {
    const { rig, handle } = build();
    const sid = await open(handle);

    const posted = await handle(
      pollEvent({
        method: "POST",
        rawQueryString: ofSession(sid),
        headers: text,
        body: '40\x1e42["echo","žluť"]',
      }),
    );
    await rig.settle();
    const polled = await handle(pollEvent({ rawQueryString: ofSession(sid) }));

    expect(posted).toEqual({
      statusCode: 200,
      headers: { "content-type": "text/html", "cache-control": "no-store" },
      body: "ok",
      isBase64Encoded: false,
    });
    expect(polled.body).toMatch(/^40\{"sid":"[\w-]{20}"\}\x1e42\["echoed","žluť"\]$/);
  });

  it("may have a body in base64, which is what the gateway makes of types it does not know", async () => {
    const { rig, handle } = build();
    const sid = await open(handle);

    await handle(
      pollEvent({
        method: "POST",
        rawQueryString: ofSession(sid),
        body: Buffer.from('40\x1e42["echo","žluť"]').toString("base64"),
        isBase64Encoded: true,
      }),
    );
    await rig.settle();

    expect((await handle(pollEvent({ rawQueryString: ofSession(sid) }))).body).toContain('["echoed","žluť"]');
  });

  it("is what handlers see in socket.handshake: cookies joined, the first of equal names, the address", async () => {
    const { rig, handle, handshakes } = build();
    const sid = await open(handle, {
      rawQueryString: "EIO=4&transport=polling&token=a%20b&token=second&x=1,2",
      cookies: ["a=1", "b=2"],
    });

    await handle(pollEvent({ method: "POST", rawQueryString: ofSession(sid), headers: text, body: "40" }));
    await rig.settle();

    expect(handshakes).toEqual([
      {
        address: "203.0.113.7",
        secure: true,
        cookie: "a=1; b=2",
        query: { EIO: "4", transport: "polling", token: "a b", x: "1,2" },
      },
    ]);
  });

  it("behind the edge comes from the client, not from the edge", async () => {
    const { rig, handle, handshakes } = build({ trustedHops: 1 });
    const sid = await open(handle, {
      headers: { "x-forwarded-for": "192.0.2.66, 198.51.100.9, 203.0.113.7" },
    });

    await handle(pollEvent({ method: "POST", rawQueryString: ofSession(sid), headers: text, body: "40" }));
    await rig.settle();

    expect(handshakes).toMatchObject([{ address: "198.51.100.9" }]);
  });

  it("is answered with the cookie apart from the headers, as the gateway wants it", async () => {
    const { handle } = build({ cookie: true });

    const { cookies, headers, body } = await handle(pollEvent({}));

    const sid = /"sid":"([^"]+)"/.exec(body!)![1]!;
    expect(cookies).toEqual([`io=${sid}; Path=/; HttpOnly; SameSite=Lax`]);
    expect(headers).not.toHaveProperty("set-cookie");
  });

  it("is answered with two cookies of the app beside its own", async () => {
    const { rig, handle } = build({ cookie: true });
    rig.io.engine.on("initial_headers", (headers) => {
      headers["set-cookie"] = ["a=1; Path=/; Expires=Wed, 21 Oct 2065 07:28:00 GMT", "b=2"];
    });

    const { cookies, headers, body } = await handle(pollEvent({}));

    const sid = /"sid":"([^"]+)"/.exec(body ?? "")![1]!;
    expect(cookies).toEqual([
      `io=${sid}; Path=/; HttpOnly; SameSite=Lax`,
      "a=1; Path=/; Expires=Wed, 21 Oct 2065 07:28:00 GMT",
      "b=2",
    ]);
    expect(Object.keys(headers ?? {}).map((header) => header.toLowerCase())).not.toContain("set-cookie");
  });

  it("is answered with bytes in base64 when they are compressed", async () => {
    const { rig, handle } = build();
    const sid = await open(handle);
    const body = `40\x1e42["echo","${"x".repeat(2_000)}"]`;
    await handle(pollEvent({ method: "POST", rawQueryString: ofSession(sid), headers: text, body }));
    await rig.settle();

    const answer = await handle(
      pollEvent({ rawQueryString: ofSession(sid), headers: { "accept-encoding": "gzip, deflate, br" } }),
    );

    expect(answer).toMatchObject({ isBase64Encoded: true, headers: { "content-encoding": "gzip" } });
    expect(gunzipSync(Buffer.from(answer.body!, "base64")).toString()).toContain('["echoed","xxx');
  });

  it.each(["/socket.io/", "/socket.io/any/thing"])("to %s is for the server", async (rawPath) => {
    const { handle } = build();

    expect((await handle(pollEvent({ rawPath }))).statusCode).toBe(200);
  });

  it("that meets an outage is answered with 500 and nothing of the error, which is logged", async () => {
    const { rig, handle } = build();
    rig.instances[0]!.life.failsAt = 1;

    const answer = await handle(pollEvent({}));

    expect(answer).toEqual({ statusCode: 500 });
    expect(rig.logs).toMatchObject([
      { level: "error", message: "a polling request failed", error: { message: /createPollingSession/ } },
    ]);
  });
});

describe("the stock client", () => {
  const get = (name: string, headers: Record<string, string> = {}) =>
    pollEvent({ rawPath: `/socket.io/${name}`, rawQueryString: "", headers });

  it.each([
    ["socket.io.js", "application/javascript; charset=utf-8"],
    ["socket.io.min.js", "application/javascript; charset=utf-8"],
    ["socket.io.esm.min.js", "application/javascript; charset=utf-8"],
    ["socket.io.msgpack.min.js", "application/javascript; charset=utf-8"],
    ["socket.io.js.map", "application/json; charset=utf-8"],
  ])("is served as %s, with its version as ETag", async (name, type) => {
    const { handle } = build();

    const { statusCode, headers, body } = await handle(get(name));

    expect(statusCode).toBe(200);
    expect(headers).toEqual({
      etag: expect.stringMatching(/^"4\.\d+\.\d+"$/) as unknown,
      "cache-control": "public, max-age=0",
      "content-type": type,
    });
    expect(Buffer.from(body!, "base64").toString()).toMatch(/Socket\.IO|"version":3/);
  });

  it("is there for a HEAD as well", async () => {
    const { handle } = build();
    const asked = get("socket.io.js");
    const { http } = asked.requestContext;

    const { statusCode, headers } = await handle({
      ...asked,
      requestContext: { ...asked.requestContext, http: { ...http, method: "HEAD" } },
    });

    expect(statusCode).toBe(200);
    expect(headers).toMatchObject({ "content-type": "application/javascript; charset=utf-8" });
  });

  it.each(["", "W/"])("is not sent again to whoever has it: If-None-Match %s", async (weak) => {
    const { handle } = build();
    const { headers } = await handle(get("socket.io.js"));

    const again = await handle(get("socket.io.js", { "if-none-match": `${weak}${headers!["etag"]}` }));

    expect([again.statusCode, again.body]).toEqual([304, ""]);
  });

  it.each(["socket.io.evil.js", "../package.json", "socket.io.js/x"])("is not %s", async (name) => {
    const { handle } = build();

    const { statusCode, body } = await handle(get(name));

    expect([statusCode, body]).toEqual([400, '{"code":0,"message":"Transport unknown"}']);
  });

  it("is not served where the app does not want it", async () => {
    const { handle } = build({ serveClient: false });

    expect((await handle(get("socket.io.js"))).statusCode).toBe(400);
  });
});
