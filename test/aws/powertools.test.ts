import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { createPowertoolsLogger } from "../../lib/aws/powertools-logger.ts";
import { createPowertoolsMetrics } from "../../lib/aws/powertools-metrics.ts";
import { Server } from "../../lib/socketio/server.ts";
import { createHandlers } from "../../lib/lambda.ts";
import { sessionTag, withLogContext } from "../../lib/log.ts";
import { authorizerEvent } from "./events.ts";

const lines: string[] = [];
let listeners: NodeJS.UnhandledRejectionListener[];

/** What was written since the test began, as CloudWatch gets it. */
const written = () => lines.map((line) => JSON.parse(line) as Record<string, unknown>);

beforeEach(() => {
  lines.length = 0;
  listeners = process.listeners("unhandledRejection");
  const write = (chunk: string | Uint8Array) => {
    lines.push(...chunk.toString().split("\n").filter(Boolean));
    return true;
  };
  vi.spyOn(process.stdout, "write").mockImplementation(write);
  vi.spyOn(process.stderr, "write").mockImplementation(write);
});

afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
  for (const listener of process.listeners("unhandledRejection")) {
    if (!listeners.includes(listener)) process.off("unhandledRejection", listener);
  }
});

const invocation = {
  functionName: "nonsticky-dev-inbox",
  awsRequestId: "c6af9ac6-7b61-11e6-9a41-93e8deadbeef",
};

describe("createPowertoolsLogger", () => {
  it("writes one object a line, of service, function and invocation", () => {
    const logger = createPowertoolsLogger({ level: "info", service: "chat" });

    logger.during(invocation, () => {
      logger.warn("a frame came for no session", {
        code: "core.frame_without_session",
        connectionId: "PJqB0=",
      });
    });

    expect(written()).toEqual([
      {
        level: "warn",
        message: "a frame came for no session",
        timestamp: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/) as string,
        service: "chat",
        function: "nonsticky-dev-inbox",
        requestId: "c6af9ac6-7b61-11e6-9a41-93e8deadbeef",
        coldStart: false,
        code: "core.frame_without_session",
        connectionId: "PJqB0=",
      },
    ]);
    expect(lines[0]).toMatch(/^\{"level":"warn",/);
  });

  it("tells which lines are of a cold start", () => {
    vi.stubEnv("AWS_LAMBDA_INITIALIZATION_TYPE", "on-demand");
    const logger = createPowertoolsLogger({ level: "info", service: "chat" });

    logger.during(invocation, () => logger.info("first"));
    logger.during(invocation, () => logger.info("second"));

    expect(written().map(({ coldStart }) => coldStart)).toEqual([true, false]);
  });

  it("names each invocation in its own lines where two are under way at once", async () => {
    const logger = createPowertoolsLogger({ level: "info", service: "chat" });
    const one = logger.during({ awsRequestId: "one" }, async () => {
      await Promise.resolve();
      logger.info("late");
    });
    logger.during({ awsRequestId: "two" }, () => logger.info("early"));
    await one;

    expect(written().map(({ message, requestId }) => [message, requestId])).toEqual([
      ["early", "two"],
      ["late", "one"],
    ]);
  });

  it.each([
    ["debug", ["debug", "info", "warn", "error"]],
    ["warn", ["warn", "error"]],
    ["silent", []],
  ] as const)("at the level %s writes %j", (level, expected) => {
    const logger = createPowertoolsLogger({ level, service: "chat" });

    for (const own of ["debug", "info", "warn", "error"] as const) logger[own]("a line");

    expect(written().map((line) => line["level"])).toEqual(expected);
  });

  it("keeps an error's message, code and stack, and nothing else of it", () => {
    const logger = createPowertoolsLogger({ level: "info", service: "chat" });
    const error = Object.assign(new Error("no"), { code: "E_NO", request: { authorization: "hunter2" } });

    logger.error("a handler failed", { code: "core.handler_failed", error });

    expect(written()).toMatchObject([
      { code: "core.handler_failed", errorCode: "E_NO", error: "no", errorName: "Error" },
    ]);
    expect(written()[0]?.["stack"]).toContain("powertools.test.ts");
    expect(lines.join()).not.toContain("hunter2");
  });

  it("names the session of the running code by a tag, also where the id is part of a field", async () => {
    const logger = createPowertoolsLogger({ level: "info", service: "chat" });
    const sid = "q83vEjRWeJCrze8BI0Vn";

    await withLogContext({ sid, fields: () => ({ turn: "close" }) }, async () => {
      await Promise.resolve();
      logger.info("a line", { socketId: `/shop#${sid}` });
    });
    logger.info("another");

    const session = sessionTag(sid);
    expect(written()).toMatchObject([{ session, turn: "close", socketId: `/shop#session:${session}` }, {}]);
    expect(written()[1]).not.toHaveProperty("session");
    expect(lines.join()).not.toContain(sid);
  });
});

describe("createPowertoolsMetrics", () => {
  const create = () =>
    createPowertoolsMetrics({ service: "chat", stage: "dev", functionName: "chat-dev-inbox" });
  const stack = { service: "chat", stage: "dev", function: "chat-dev-inbox" };

  it("sums what an invocation counted into one line, and keeps durations apart for percentiles", () => {
    const metrics = create();

    metrics.add("Deliveries", 3, "delivered");
    metrics.add("Deliveries", 2, "delivered");
    metrics.add("PostsRefused", 1, "too-large");
    metrics.add("TurnDuration", 12, "event");
    metrics.add("TurnDuration", 30, "event");
    metrics.publish();

    const [line, ...others] = written();
    expect(others).toEqual([]);
    expect(line).toMatchObject({
      ...stack,
      DeliveriesDelivered: 5,
      PostsRefusedTooLarge: 1,
      TurnDurationEvent: [12, 30],
    });
    const [directive] = (line?.["_aws"] as { CloudWatchMetrics: Record<string, unknown>[] })
      .CloudWatchMetrics;
    expect(directive).toMatchObject({
      Namespace: "nonsticky",
      Dimensions: [["service", "stage", "function"]],
    });
    expect(directive?.["Metrics"]).toEqual(
      expect.arrayContaining([
        { Name: "DeliveriesDelivered", Unit: "Count" },
        { Name: "TurnDurationEvent", Unit: "Milliseconds" },
      ]),
    );
  });

  it("counts codes twice: in all, for alarms, and by code", () => {
    const metrics = create();

    metrics.add("Errors", 1, "core.handler_failed");
    metrics.add("Errors", 1, "core.handler_failed");
    metrics.add("Errors", 1, "aws.no_sid");
    metrics.publish();

    expect(written()).toEqual([
      expect.objectContaining({ ...stack, Errors: 3 }),
      expect.objectContaining({ ...stack, code: "core.handler_failed", Errors: 2 }),
      expect.objectContaining({ ...stack, code: "aws.no_sid", Errors: 1 }),
    ]);
    expect(written()[0]).not.toHaveProperty("code");
  });

  it("says in one line what has one code: for alarms, and by code", () => {
    const metrics = create();

    metrics.add("ConnectionsClosed", 2, "transport close");
    metrics.add("TurnDuration", 12, "close");
    metrics.add("Warnings", 1, "core.frame_without_session");
    metrics.publish();

    const [line, ...others] = written();
    expect(others).toEqual([]);
    expect(line).toMatchObject({
      ...stack,
      ConnectionsClosed: 2,
      reason: "transport close",
      Warnings: 1,
      code: "core.frame_without_session",
    });
    const { CloudWatchMetrics } = line?.["_aws"] as { CloudWatchMetrics: Record<string, unknown>[] };
    expect(CloudWatchMetrics).toEqual([
      {
        Namespace: "nonsticky",
        Dimensions: [["service", "stage", "function"]],
        Metrics: expect.arrayContaining([
          { Name: "ConnectionsClosed", Unit: "Count" },
          { Name: "TurnDurationClose", Unit: "Milliseconds" },
          { Name: "Warnings", Unit: "Count" },
        ]) as unknown,
      },
      {
        Namespace: "nonsticky",
        Dimensions: [["service", "stage", "function", "reason"]],
        Metrics: [{ Name: "ConnectionsClosed", Unit: "Count" }],
      },
      {
        Namespace: "nonsticky",
        Dimensions: [["service", "stage", "function", "code"]],
        Metrics: [{ Name: "Warnings", Unit: "Count" }],
      },
    ]);
  });

  it("keeps apart what was counted without a code as well", () => {
    const metrics = create();

    metrics.add("Errors");
    metrics.add("Errors", 1, "core.handler_failed");
    metrics.publish();

    expect(written()).toEqual([
      expect.objectContaining({ Errors: 2 }),
      expect.objectContaining({ code: "core.handler_failed", Errors: 1 }),
    ]);
  });

  it.each([
    ["é".repeat(3), "???"],
    ["", "none"],
    ["x".repeat(500), "x".repeat(100)],
  ])("makes a dimension that CloudWatch takes of %j", (code, expected) => {
    const metrics = create();

    metrics.add("Errors", 1, code);
    metrics.publish();

    expect(written()).toEqual([expect.objectContaining({ code: expected, Errors: 1 })]);
  });

  it("writes nothing of an invocation that counted nothing, and nothing twice", () => {
    const metrics = create();

    metrics.publish();
    metrics.add("AcksAwaited");
    metrics.publish();
    metrics.publish();

    expect(written()).toEqual([expect.objectContaining({ AcksAwaited: 1 })]);
  });
});

describe("the handlers", () => {
  const environment = {
    NONSTICKY_TABLE: "table",
    NONSTICKY_SERVICE: "chat",
    NONSTICKY_STAGE: "dev",
    AWS_LAMBDA_FUNCTION_NAME: "chat-dev-connect",
    AWS_REGION: "eu-central-1",
  };
  /** A client of the wrong protocol costs no request. */
  const refused = authorizerEvent({ queryStringParameters: { EIO: "9", transport: "websocket" } });
  const connect = (own: Record<string, string> = {}) =>
    createHandlers({ io: new Server() }, { ...environment, ...own }).connect as (
      ...args: unknown[]
    ) => Promise<unknown>;

  it("log under the invocation's id, and publish what they counted before they end", async () => {
    await connect()(refused, { ...invocation, functionName: "chat-dev-connect" });

    expect(written()).toEqual([
      expect.objectContaining({ level: "info", service: "chat", requestId: invocation.awsRequestId }),
      expect.objectContaining({
        service: "chat",
        stage: "dev",
        function: "chat-dev-connect",
        code: "5",
        ConnectionsRefused: 1,
      }),
    ]);
  });

  it("count nothing where metrics are switched off", async () => {
    await connect({ NONSTICKY_METRICS: "false" })(refused, invocation);

    expect(written()).toEqual([expect.objectContaining({ level: "info" })]);
  });

  it("refuse a setting of metrics that is neither true nor false", () => {
    expect(() => connect({ NONSTICKY_METRICS: "yes" })).toThrow(
      expect.objectContaining({ code: "config.bad_environment" }),
    );
  });
});
