import * as msgpack from "socket.io-msgpack-parser";
import { describe, expect, it } from "vitest";
import { createConnectHandler } from "../../lib/aws/connect-handler.ts";
import { createHeartbeatHandler } from "../../lib/aws/heartbeat-handler.ts";
import { createInboxHandler } from "../../lib/aws/inbox-handler.ts";
import { isSid, toSid } from "../../lib/ids.ts";
import { createGate, Rig, type Client, type RigOptions } from "../support/rig.ts";
import { drain } from "../support/manual-clock.ts";
import { authorizerEvent, messageEvent, queueEvent } from "./events.ts";

type Answer = (...args: unknown[]) => void;

const build = (options: RigOptions = {}) =>
  new Rig((io) => {
    io.on("connection", (socket) => {
      socket.on("x", (ack: Answer) => ack());
      socket.on("leave", () => socket.disconnect(true));
    });
  }, options);

const inboxOf = (rig: Rig) => createInboxHandler(rig.instances[0]!.runtime, rig.instances[0]!.app);
const connectOf = (rig: Rig) => createConnectHandler(rig.instances[0]!.runtime, rig.instances[0]!.app);

describe("the authorizer of $connect", () => {
  it("tells the mapping template how acks begin, where the app has a parser of its own", async () => {
    const rig = new Rig((io) => io.on("connection", () => undefined), { parser: msgpack });

    const { context } = await connectOf(rig)(authorizerEvent());

    expect(context).toEqual({ sid: expect.any(String), acks: "bhKR0eXBlA6Jp" });
  });

  it("lets a client in with a session id as context, every time with another", async () => {
    const rig = build();
    const connect = connectOf(rig);

    const [one, two] = [await connect(authorizerEvent()), await connect(authorizerEvent())];

    const sid = one.context?.["sid"];
    expect(isSid(sid)).toBe(true);
    expect(one).toEqual({
      principalId: sid,
      policyDocument: {
        Version: "2012-10-17",
        Statement: [
          {
            Action: "execute-api:Invoke",
            Effect: "Allow",
            Resource: "arn:aws:execute-api:eu-central-1:123456789012:abcdef1234/dev/$connect",
          },
        ],
      },
      context: { sid },
    });
    expect(two.context?.["sid"]).not.toBe(sid);
    expect(rig.store.countRows().sessions).toBe(2);
  });

  it("keeps what the client showed, header names in lower case", async () => {
    const rig = build();

    const { context } = await connectOf(rig)(authorizerEvent());

    const snapshot = await rig.store.loadSession(toSid(String(context?.["sid"])), { handshake: true });
    expect(snapshot?.session).toMatchObject({ connectionId: "PJqB0fHsqRcCHlw=", phase: "open" });
    expect(snapshot?.handshake).toMatchObject({
      address: "198.51.100.7",
      secure: true,
      xdomain: true,
      query: { EIO: "4", transport: "websocket", token: "t" },
      headers: { origin: "https://chat.example", "user-agent": "Mozilla/5.0" },
    });
  });

  it.each([
    ["no query at all", { queryStringParameters: null }, 0],
    ["another protocol", { queryStringParameters: { EIO: "3", transport: "websocket" } }, 5],
    [
      "a name of Object.prototype as transport",
      { queryStringParameters: { EIO: "4", transport: "constructor" } },
      0,
    ],
  ])("refuses a client with %s, and logs why", async (_, own, code) => {
    const rig = build();

    const result = await connectOf(rig)(authorizerEvent(own));

    expect(result.policyDocument.Statement).toMatchObject([{ Effect: "Deny" }]);
    expect(result.context).toEqual({});
    expect(rig.logs).toMatchObject([{ level: "info", code }]);
    expect(rig.store.countRows().sessions).toBe(0);
  });
});

describe("the inbox, given a batch of the queue", () => {
  const body = (client: Client, text: string) =>
    `MESSAGE,${client.sid},${client.connectionId},${Date.UTC(2025, 9, 9)},${Buffer.from(text).toString("base64")}`;

  it("handles every letter and reports none", async () => {
    const rig = build();
    const client = await rig.connect();

    const answer = await inboxOf(rig)(
      queueEvent({ id: "m1", body: body(client, '420["x"]') }, { id: "m2", body: body(client, '421["x"]') }),
    );

    expect(answer).toEqual({ batchItemFailures: [] });
    expect(client.received).toEqual(["430[]", "431[]"]);
  });

  it("reports the letters that failed, and those behind them in their lane", async () => {
    const rig = build();
    const [one, two] = [await rig.connect(), await rig.connect()];
    const { life } = rig.instances[0]!;
    const handler = inboxOf(rig);
    life.failsAt = life.calls.length + 1;

    const answer = await handler(
      queueEvent(
        { id: "m1", body: body(one, '420["x"]') },
        { id: "m2", body: body(two, '420["x"]') },
        { id: "m3", body: body(one, '421["x"]') },
      ),
    );

    expect(answer).toEqual({ batchItemFailures: [{ itemIdentifier: "m1" }, { itemIdentifier: "m3" }] });
    expect([one.received, two.received]).toEqual([[], ["430[]"]]);
  });

  it("drops what is no letter, logs it, and handles the rest", async () => {
    const rig = build();
    const client = await rig.connect();

    const answer = await inboxOf(rig)(
      queueEvent(
        { id: "bad", body: "hello" },
        { id: "worse", body: '{"kind":"frame"}' },
        { id: "worst", body: "{" },
        { id: "good", body: body(client, '420["x"]') },
      ),
    );

    expect(answer).toEqual({ batchItemFailures: [] });
    expect(client.received).toEqual(["430[]"]);
    expect(rig.logs.filter(({ level }) => level === "error")).toMatchObject(
      ["bad", "worse", "worst"].map((messageId) => ({ messageId, error: { code: "aws.bad_letter" } })),
    );
  });

  it("closes the connection of a frame that comes again", async () => {
    const rig = build();
    const client = await rig.connect();

    const answer = await inboxOf(rig)(queueEvent({ id: "m1", body: body(client, '420["x"]'), receives: 2 }));

    expect(answer).toEqual({ batchItemFailures: [] });
    expect(client.received).toEqual([]);
    expect(client.isClosed).toBe(true);
  });

  it("serves two connections from one instance, again and again", async () => {
    const rig = build();
    const handler = inboxOf(rig);
    const [one, two] = [await rig.connect(), await rig.connect()];

    for (const id of [0, 1]) {
      for (const client of [one, two]) {
        await handler(queueEvent({ id: "m", body: body(client, `42${id}["x"]`) }));
      }
    }

    expect([one.received, two.received]).toEqual([
      ["430[]", "431[]"],
      ["430[]", "431[]"],
    ]);
  });
});

describe("the inbox, behind the routes in direct ordering", () => {
  const eventOf = (client: Client, eventType: "CONNECT" | "MESSAGE" | "DISCONNECT", text = "") => {
    const event = messageEvent(text);
    const authorizer = { sid: client.sid };
    const { connectionId } = client;
    return {
      ...event,
      requestContext: { ...event.requestContext, authorizer, connectionId, eventType },
    } as typeof event;
  };

  it("answers 200 and leaves OPEN to another invocation", async () => {
    const rig = build({ isOrdered: false });
    const client = await rig.admit();
    const sent = rig.mailbox.sent.length;

    const answer = await inboxOf(rig)(eventOf(client, "CONNECT"));

    expect(answer).toEqual({ statusCode: 200 });
    expect(rig.mailbox.sent.slice(sent)).toMatchObject([{ kind: "opened", sid: client.sid }]);
    expect(client.received).toEqual([]);
  });

  it("runs a frame, and the end of the connection", async () => {
    const rig = build({ isOrdered: false });
    const client = await rig.connect();
    const handler = inboxOf(rig);

    const answers = [
      await handler(eventOf(client, "MESSAGE", '420["x"]')),
      await handler(eventOf(client, "DISCONNECT")),
    ];

    expect(answers).toEqual([{ statusCode: 200 }, { statusCode: 200 }]);
    expect(client.received).toEqual(["430[]"]);
    expect(rig.store.countRows()).toMatchObject({ beats: 0, namespaceMembers: 0 });
  });

  it.each<[string, (rig: Rig, client: Client) => Parameters<ReturnType<typeof inboxOf>>[0]]>([
    [
      "the table is out of reach",
      (rig, client) => {
        const { life } = rig.instances[0]!;
        life.failsAt = life.calls.length + 1;
        return eventOf(client, "MESSAGE", '420["x"]');
      },
    ],
    [
      "the mailbox is out of reach",
      (rig, client) => {
        const { life } = rig.instances[0]!;
        life.failsAt = life.calls.length + 1;
        return eventOf(client, "CONNECT");
      },
    ],
    [
      "there is no authorizer's context",
      (_rig, client) => {
        const event = eventOf(client, "MESSAGE", "2");
        return { ...event, requestContext: { ...event.requestContext, authorizer: {} } };
      },
    ],
  ])("answers 200 also when %s, and logs it", async (_, prepare) => {
    const rig = build({ isOrdered: false });
    const client = await rig.connect();

    const answer = await inboxOf(rig)(prepare(rig, client));

    expect(answer).toEqual({ statusCode: 200 });
    expect(rig.logs.filter(({ level }) => level === "error")).toHaveLength(1);
  });

  it("fails an asynchronous invocation whose letter failed, so that Lambda tries again", async () => {
    const rig = build({ isOrdered: false });
    const client = await rig.connect();
    const { life } = rig.instances[0]!;
    const letter = { kind: "closed", sid: client.sid, atMs: 0, reason: "forced close" } as const;
    const handler = inboxOf(rig);
    life.failsAt = life.calls.length + 1;

    await expect(handler(letter)).rejects.toMatchObject({ code: "aws.letter_failed" });
    await expect(handler(letter)).resolves.toBeUndefined();
  });
});

describe("the heartbeat", () => {
  const context = (remainingMs = 60_000) => ({ getRemainingTimeInMillis: () => remainingMs });
  const heartbeatOf = (rig: Rig) => createHeartbeatHandler(rig.instances[0]!.runtime, rig.instances[0]!.app);

  it("sweeps once where the interval is a minute or more", async () => {
    const rig = build();

    await heartbeatOf(rig)({} as never, context());

    expect(rig.instances[0]!.life.calls.filter((call) => call === "store.saveSweep")).toHaveLength(1);
  });

  it("sweeps again and again where it is less, until the next invocation is near", async () => {
    const rig = build({ pingInterval: 25_000, pingTimeout: 20_000 });
    const client = await rig.connect();
    const startMs = rig.clock.nowMs();
    let endMs: number | undefined;

    const running = heartbeatOf(rig)({} as never, context()).then(() => (endMs = rig.clock.nowMs()));
    await rig.advance(60_000);
    await running;

    expect(client.received.filter((frame) => frame === "2")).toHaveLength(2);
    expect(endMs! - startMs).toBeGreaterThan(55_000);
    expect(endMs! - startMs).toBeLessThanOrEqual(58_000);
  });

  it("stops in time when the function has little time left", async () => {
    const rig = build({ pingInterval: 25_000, pingTimeout: 20_000 });

    await heartbeatOf(rig)({} as never, context(5_000));

    expect(rig.instances[0]!.life.calls.filter((call) => call === "store.saveSweep")).toHaveLength(1);
  });

  it("goes on when a sweep fails, which is logged, and pings what it missed", async () => {
    const rig = build({ pingInterval: 25_000, pingTimeout: 20_000 });
    const client = await rig.connect();
    const { store } = rig.instances[0]!.runtime;
    const { listSweeps } = store;
    const running = heartbeatOf(rig)({} as never, context());
    await rig.advance(20_000);

    Object.assign(store, { listSweeps: () => Promise.reject(new Error("no table")) });
    await rig.advance(10_000);
    Object.assign(store, { listSweeps });
    const missed = client.received.filter((frame) => frame === "2").length;
    await rig.advance(30_000);
    await running;

    expect(missed).toBe(0);
    expect(client.received.filter((frame) => frame === "2")).toHaveLength(2);
    expect(rig.logs.filter(({ level }) => level === "error")).toMatchObject([
      { error: { message: "no table" } },
    ]);
  });

  it("fails when its last sweep has, so that Lambda counts an error", async () => {
    const rig = build();
    Object.assign(rig.instances[0]!.runtime.store, {
      listSweeps: () => Promise.reject(new Error("no table")),
    });

    await expect(heartbeatOf(rig)({} as never, context())).rejects.toThrow("no table");
  });

  it("sweeps also when it cannot write down where the mailbox is, and fails in the end", async () => {
    const rig = build();
    const { store } = rig.instances[0]!.runtime;
    Object.assign(store, { saveDeployment: () => Promise.reject(new Error("not now")) });

    await expect(heartbeatOf(rig)({} as never, context())).rejects.toThrow("not now");

    expect(rig.instances[0]!.life.calls.filter((call) => call === "store.saveSweep")).toHaveLength(1);
  });

  it("writes down where the mailbox is, for emitters, once an hour", async () => {
    const rig = build();
    const { runtime, app, life } = rig.instances[0]!;
    const heartbeat = createHeartbeatHandler(runtime, app, { mailboxUrl: "https://sqs/q.fifo" });
    const startMs = rig.clock.nowMs();

    await heartbeat({} as never, context());
    await rig.clock.advance(59 * 60_000);
    await heartbeat({} as never, context());
    await rig.clock.advance(60_000);
    await heartbeat({} as never, context());

    expect(life.calls.filter((call) => call === "store.saveDeployment")).toHaveLength(2);
    expect(await rig.store.getDeployment()).toEqual({
      mailboxUrl: "https://sqs/q.fifo",
      savedAtMs: startMs + 60 * 60_000,
    });
  });

  it("does not end before the connections that it ends are closed", async () => {
    const rig = build({ connectTimeout: 45_000 });
    await rig.sweep();
    await rig.open();
    await rig.clock.advance(45_000);
    const closing = createGate<"closed">();
    Object.assign(rig.transport, { close: () => closing.passed });
    let isOver = false;

    const running = heartbeatOf(rig)({} as never, context()).then(() => (isOver = true));
    await drain();
    const early = isOver;
    closing.open("closed");
    await running;

    expect(early).toBe(false);
  });
});
