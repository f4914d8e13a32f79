import { beforeAll, describe, expect, it } from "vitest";
import { COMPILE_TIMEOUT_MS, compileTemplate, propertiesOf, resourcesOf } from "./compile.ts";
import { readSources } from "./sources.ts";
import type { Template } from "./compile.ts";

let fifo: Template;
let direct: Template;
let prod: Template;

beforeAll(async () => {
  [fifo, direct, prod] = await Promise.all([
    compileTemplate({ stage: "dev", ordering: "fifo" }),
    compileTemplate({ stage: "dev", ordering: "direct" }),
    compileTemplate({ stage: "prod", ordering: "fifo" }),
  ]);
}, COMPILE_TIMEOUT_MS);

describe("the functions", () => {
  it.each(["Connect", "Poll", "Inbox", "Heartbeat", "Fanout"])(
    "%s runs on arm64 and keeps its logs for a limited time",
    (name) => {
      expect(propertiesOf(fifo, `${name}LambdaFunction`)).toMatchObject({
        Architectures: ["arm64"],
        Handler: `functions/${name.toLowerCase()}.handler`,
      });
      expect(propertiesOf(fifo, `${name}LogGroup`).RetentionInDays).toBe(7);
      expect(propertiesOf(prod, `${name}LogGroup`).RetentionInDays).toBe(30);
    },
  );

  it("find every variable that the code reads", async () => {
    const sources = [...(await readSources("lib")), ...(await readSources("functions"))];
    const read = [...new Set(sources.flatMap((text) => text.match(/\bNONSTICKY_[A-Z_]+\b/g) ?? []))];
    const only = { NONSTICKY_MAILBOX_URL: "fifo", NONSTICKY_INBOX_FUNCTION: "direct" } as Record<
      string,
      string
    >;

    expect(read.length).toBeGreaterThan(0);
    for (const [ordering, template] of Object.entries({ fifo, direct })) {
      for (const name of ["Poll", "Inbox", "Heartbeat", "Fanout"]) {
        const set = Object.keys(propertiesOf(template, `${name}LambdaFunction`).Environment.Variables);
        expect(set).toEqual(expect.arrayContaining(read.filter((v) => (only[v] ?? ordering) === ordering)));
        expect(set.filter((v) => (only[v] ?? ordering) !== ordering)).toEqual([]);
      }
    }
  });

  it("are told how the rest of the stack is called", () => {
    const { Variables } = propertiesOf(fifo, "InboxLambdaFunction").Environment;

    expect(Variables).toMatchObject({
      NONSTICKY_TABLE: { Ref: "Table" },
      NONSTICKY_MAILBOX_URL: { Ref: "Mailbox" },
      NONSTICKY_ORDERING: "fifo",
      NONSTICKY_PATH: "/socket.io",
      NONSTICKY_CALLBACK_URL: {
        "Fn::Sub": "https://${WebsocketsApi}.execute-api.${AWS::Region}.${AWS::URLSuffix}/dev",
      },
    });
    const inDirect = propertiesOf(direct, "InboxLambdaFunction").Environment.Variables;
    expect(inDirect.NONSTICKY_ORDERING).toBe("direct");
    expect(inDirect.NONSTICKY_INBOX_FUNCTION).toBe(propertiesOf(direct, "InboxLambdaFunction").FunctionName);
  });

  it("have no more than their code needs: the authorizer knows neither mailbox nor inbox", () => {
    for (const template of [fifo, direct]) {
      const { Variables } = propertiesOf(template, "ConnectLambdaFunction").Environment;
      expect(Object.keys(Variables)).not.toContain("NONSTICKY_MAILBOX_URL");
      expect(Object.keys(Variables)).not.toContain("NONSTICKY_INBOX_FUNCTION");
    }
  });

  it("may chain: a close enqueues another", () => {
    expect(propertiesOf(fifo, "InboxLambdaFunction").RecursiveLoop).toBe("Allow");
  });

  it("beat once a minute, and are never run twice for one minute", () => {
    const [rule] = resourcesOf(fifo, "AWS::Events::Rule");

    expect(rule!.Properties.ScheduleExpression).toBe("rate(1 minute)");
    expect(propertiesOf(fifo, "HeartbeatLambdaEvConf").MaximumRetryAttempts).toBe(0);
    expect(propertiesOf(fifo, "HeartbeatLambdaFunction")).toMatchObject({ Timeout: 70 });
    expect(propertiesOf(fifo, "HeartbeatLambdaFunction")).not.toHaveProperty("ReservedConcurrentExecutions");
  });
});

describe("the table", () => {
  it("has the keys and the expiry of the rows, and nothing else to pay for", () => {
    expect(propertiesOf(fifo, "Table")).toMatchObject({
      BillingMode: "PAY_PER_REQUEST",
      KeySchema: [
        { AttributeName: "pk", KeyType: "HASH" },
        { AttributeName: "sk", KeyType: "RANGE" },
      ],
      TimeToLiveSpecification: { AttributeName: "expiresAt", Enabled: true },
    });
    expect(propertiesOf(fifo, "Table")).not.toHaveProperty("GlobalSecondaryIndexes");
    expect(propertiesOf(fifo, "Table")).not.toHaveProperty("StreamSpecification");
  });

  it("outlives a mistake in production", () => {
    expect(prod.Resources.Table!.DeletionPolicy).toBe("Retain");
    expect(propertiesOf(prod, "Table").DeletionProtectionEnabled).toBe(true);
    expect(propertiesOf(prod, "Table").PointInTimeRecoverySpecification.PointInTimeRecoveryEnabled).toBe(
      true,
    );
    expect(fifo.Resources.Table!.DeletionPolicy).toBe("Delete");
  });
});

it("tells where everything is", () => {
  expect(Object.keys(fifo.Outputs)).toEqual(
    expect.arrayContaining(["WebsocketUrl", "HttpApiUrl", "CallbackUrl", "TableName", "MailboxUrl"]),
  );
});
