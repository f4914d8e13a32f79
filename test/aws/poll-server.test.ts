import type { AddressInfo } from "node:net";
import type { Server as HttpServer } from "node:http";
import { afterEach, describe, expect, it, vi } from "vitest";
import { createPollServer } from "../../lib/aws/poll-server.ts";
import { createPowertoolsLogger, type PowertoolsLogger } from "../../lib/aws/powertools-logger.ts";
import { Runtime } from "../../lib/engine/runtime.ts";
import { Server } from "../../lib/socketio/server.ts";
import type { ServerOptions } from "../../lib/socketio/server-options.ts";
import type { Sid } from "../../lib/ids.ts";
import { createHandlers } from "../../lib/lambda.ts";
import { sessionTag } from "../../lib/log.ts";
import { createMemoryStore } from "../../lib/state/memory-store.ts";
import { localCredentials, localRegion, startDynalite } from "../support/dynalite.ts";
import { FifoMailbox } from "../support/fifo-mailbox.ts";
import { ManualClock } from "../support/manual-clock.ts";
import { RecordingTransport } from "../support/recording-transport.ts";
import { eventually } from "../support/waiting.ts";
import { findFreePort } from "../../scripts/free-port.ts";

const endings: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const end of endings.splice(0)) await end();
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
});

const closing = (server: HttpServer) => async (): Promise<void> => {
  const closed = new Promise((resolve) => server.close(resolve));
  server.closeAllConnections();
  await closed;
};

interface Served {
  readonly url: string;
  readonly clock: ManualClock;
  readonly runtime: Runtime;
  readonly mailbox: FifoMailbox;
  readonly handshakes: { readonly address: string; readonly secure: boolean; readonly cookie: unknown }[];
}

/** One process that takes so many requests at once, with no time in it but what the test lets pass. */
async function serve(
  requestsAtOnce: number,
  logger: PowertoolsLogger = createPowertoolsLogger({ level: "info", service: "chat" }),
  options: ServerOptions = {},
): Promise<Served> {
  const clock = new ManualClock();
  const mailbox = new FifoMailbox();
  const handshakes: Served["handshakes"] = [];
  const io = new Server({
    ...options,
    allowRequest: ({ address, secure, headers }, decide) => {
      handshakes.push({ address, secure, cookie: headers["cookie"] });
      decide(null, true);
    },
  });
  const runtime = new Runtime({
    store: createMemoryStore({ clock }),
    transport: new RecordingTransport(),
    mailbox,
    clock,
    logger,
    isOrdered: true,
    requestsAtOnce,
  });
  io.engine.bind(runtime);
  const server = createPollServer(runtime, io.engine, {
    trustedHops: 0,
    during: (awsRequestId, code) => logger.during(awsRequestId === undefined ? {} : { awsRequestId }, code),
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  endings.push(closing(server));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/socket.io/?EIO=4&transport=polling`,
    clock,
    runtime,
    mailbox,
    handshakes,
  };
}

async function open(url: string, headers: Record<string, string> = {}): Promise<Sid> {
  const body = await (await fetch(url, { headers })).text();
  return /^0\{"sid":"([^"]+)"/.exec(body)![1] as Sid;
}

const openMany = (url: string, count: number): Promise<Sid[]> =>
  Promise.all(Array.from({ length: count }, () => open(url)));

const get = async (url: string, sid: string): Promise<string> => (await fetch(`${url}&sid=${sid}`)).text();

const post = (url: string, sid: string, body: string, headers: Record<string, string> = {}) =>
  fetch(`${url}&sid=${sid}`, {
    method: "POST",
    headers: { "content-type": "text/plain;charset=UTF-8", ...headers },
    body,
  });

describe("polling over HTTP, many requests at once in one process", () => {
  it("holds 64 GETs beside each other, takes POSTs meanwhile, and gives each client its own frames", async () => {
    const { url, clock, runtime, mailbox } = await serve(64);
    const sids = await openMany(url, 64);

    const gets = sids.map((sid) => get(url, sid));
    await eventually(
      () => runtime.pollers.held === 64,
      () => `${runtime.pollers.held} GETs of 64 are held`,
    );
    const posted = await Promise.all(
      sids.map(async (sid) => (await post(url, sid, `42["from","${sid}"]`)).text()),
    );
    const nowMs = clock.nowMs();
    for (const sid of sids) {
      await runtime.store.appendOutbox({
        sid,
        frames: [`42["to","${sid}"]`],
        nowMs,
        capBytes: 262_144,
        onlyIfParked: false,
      });
    }
    await clock.advance(250);

    expect(posted).toEqual(sids.map(() => "ok"));
    expect(mailbox.sent.map((letter) => "texts" in letter && [letter.sid, ...letter.texts])).toEqual(
      expect.arrayContaining(sids.map((sid) => [sid, `42["from","${sid}"]`])),
    );
    expect(await Promise.all(gets)).toEqual(sids.map((sid) => `42["to","${sid}"]`));
    expect(runtime.pollers.held).toBe(0);
  });

  it("gives up the GETs beyond half of its places after 2 s, and holds the others", async () => {
    const { url, clock, runtime } = await serve(8);
    const sids = await openMany(url, 6);
    await clock.advance(11_000);
    const ended: string[] = [];

    const gets: Promise<void>[] = [];
    for (const sid of sids) {
      gets.push(get(url, sid).then((body) => void ended.push(body)));
      await eventually(
        () => runtime.pollers.held === gets.length,
        () => "the GET is not held",
      );
    }
    await eventually(
      async () => {
        const boxes = await Promise.all(sids.map((sid) => runtime.store.readOutbox(sid)));
        return boxes.every((box) => box?.get !== undefined);
      },
      () => "not every GET is parked",
    );
    await clock.advance(2_000);
    await eventually(
      () => ended.length > 1,
      () => `${ended.length} GETs have ended`,
    );

    expect(ended).toEqual(["6", "6"]);
    expect(runtime.pollers.held).toBe(4);
    await clock.advance(18_000);
    await Promise.all(gets);
  });

  it("answers a payload that is too large with 413, and keeps no more of it than shows that", async () => {
    const { url } = await serve(64, undefined, { maxHttpBufferSize: 1_000 });
    const sid = await open(url);

    const { status } = await post(url, sid, `4${"x".repeat(3_000_000)}`);

    expect(status).toBe(413);
  });

  it("takes the client's address from what Lambda appends, and nothing that the client wrote before that", async () => {
    const { url, handshakes } = await serve(64);

    await open(url, { "x-forwarded-for": "198.51.100.1, 203.0.113.7", cookie: "a=1; b=2" });

    expect(handshakes).toEqual([{ address: "203.0.113.7", secure: true, cookie: "a=1; b=2" }]);
  });

  it("serves the stock client, and answers what is no request of Engine.IO as the HTTP API does", async () => {
    const { url } = await serve(64);
    const root = new URL(url).origin;

    const script = await fetch(`${root}/socket.io/socket.io.js`);
    const unknown = await fetch(`${root}/socket.io/?EIO=4&transport=polling&sid=nobody`);

    expect([script.status, script.headers.get("content-type")]).toEqual([
      200,
      "application/javascript; charset=utf-8",
    ]);
    expect([unknown.status, await unknown.text()]).toEqual([
      400,
      '{"code":1,"message":"Session ID unknown"}',
    ]);
  });
});

describe("the lines of two requests that overlap", () => {
  it("name each its own request and session, however they interleave", async () => {
    const lines: string[] = [];
    vi.spyOn(process.stdout, "write").mockImplementation((chunk) => {
      lines.push(...chunk.toString().split("\n").filter(Boolean));
      return true;
    });
    const { url, runtime } = await serve(64, undefined, { maxPacketsPerPayload: 1 });
    const [slow, quick] = await openMany(url, 2);
    let letGo: () => void = () => undefined;
    const held = new Promise<void>((resolve) => (letGo = resolve));
    const { readOutbox } = runtime.store;
    const store = runtime.store as { readOutbox: typeof readOutbox };
    store.readOutbox = async (sid) => {
      if (sid === slow) await held;
      return readOutbox(sid);
    };

    const first = post(url, slow!, "41\x1e42", { "lambda-web-request-id": "SLOW" });
    const second = await post(url, quick!, "41\x1e42", { "lambda-web-request-id": "QUICK" });
    letGo();

    expect([(await first).status, second.status]).toEqual([413, 413]);
    const refused = lines.map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(refused.map(({ code, requestId, session }) => [code, requestId, session])).toEqual([
      [refused[0]?.["code"], "QUICK", sessionTag(quick!)],
      [refused[0]?.["code"], "SLOW", sessionTag(slow!)],
    ]);
  });
});

describe("functions/poll-server", () => {
  it("listens where Lambda says, counts what clients did once, and has written it when it has closed", async () => {
    const dynalite = await startDynalite();
    endings.push(() => dynalite.stop());
    vi.stubEnv("AWS_ACCESS_KEY_ID", localCredentials.accessKeyId);
    vi.stubEnv("AWS_SECRET_ACCESS_KEY", localCredentials.secretAccessKey);
    const port = await findFreePort();
    const listeners = process.listeners("unhandledRejection");
    const handlers = createHandlers(
      { io: new Server() },
      {
        NONSTICKY_TABLE: dynalite.tableName,
        NONSTICKY_CALLBACK_URL: "https://abcdef1234.execute-api.eu-central-1.amazonaws.com/dev",
        NONSTICKY_MAILBOX_URL: "https://sqs.eu-central-1.amazonaws.com/123456789012/nonsticky-dev.fifo",
        NONSTICKY_LOG_LEVEL: "silent",
        AWS_REGION: localRegion,
        AWS_ENDPOINT_URL_DYNAMODB: dynalite.endpoint,
        AWS_LAMBDA_HTTP_ENDPOINT: `127.0.0.1:${port}`,
      },
    );
    for (const listener of process.listeners("unhandledRejection")) {
      if (!listeners.includes(listener)) process.off("unhandledRejection", listener);
    }
    const lines: string[] = [];
    vi.spyOn(process.stdout, "write").mockImplementation((chunk) => {
      lines.push(...chunk.toString().split("\n").filter(Boolean));
      return true;
    });
    const server = await handlers.servePolling();
    const url = `http://127.0.0.1:${port}/socket.io/?EIO=4&transport=polling`;

    await openMany(url, 3);
    await Promise.all([get(url, "nobody"), get(url, "nobody-else")]);
    const before = lines.length;
    await closing(server)();

    expect(before).toBe(0);
    await eventually(
      () => lines.length > 0,
      () => "nothing was written",
    );
    expect(lines.map((line) => JSON.parse(line) as Record<string, unknown>)).toContainEqual(
      expect.objectContaining({ ConnectionsOpenedPolling: 3, ConnectionsRefused: 2 }),
    );
  });

  it.each(["", "127.0.0.1", "127.0.0.1:0x50", "127.0.0.1:70000"])(
    "does not listen at %j",
    async (endpoint) => {
      const listeners = process.listeners("unhandledRejection");
      const handlers = createHandlers(
        { io: new Server() },
        {
          NONSTICKY_TABLE: "table",
          NONSTICKY_CALLBACK_URL: "https://abcdef1234.execute-api.eu-central-1.amazonaws.com/dev",
          NONSTICKY_MAILBOX_URL: "https://sqs.eu-central-1.amazonaws.com/123456789012/nonsticky-dev.fifo",
          AWS_LAMBDA_HTTP_ENDPOINT: endpoint,
        },
      );
      for (const listener of process.listeners("unhandledRejection")) {
        if (!listeners.includes(listener)) process.off("unhandledRejection", listener);
      }

      await expect(handlers.servePolling()).rejects.toThrow("AWS_LAMBDA_HTTP_ENDPOINT");
    },
  );
});
