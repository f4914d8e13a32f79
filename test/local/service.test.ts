import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { resolveValue, type Resources } from "../../infra/local/service/intrinsics.ts";
import { readTopology } from "../../infra/local/service/read-topology.ts";
import { toTopology } from "../../infra/local/service/to-topology.ts";
import { compileTemplate } from "../../infra/local/gateway/template.ts";

const root = fileURLToPath(new URL("../../", import.meta.url)).replace(/\/$/, "");
const names = { stackName: "local-dev", region: "eu-west-1" };
const resources: Resources = {
  Box: { Type: "AWS::SQS::Queue", Properties: { FifoQueue: true } },
  Table: { Type: "AWS::DynamoDB::Table" },
  Fn: { Type: "AWS::Lambda::Function", Properties: { FunctionName: "app-dev-fn" } },
  Api: { Type: "AWS::ApiGatewayV2::Api" },
};

describe("an intrinsic function", () => {
  it.each([
    [{ Ref: "Box" }, "https://sqs.eu-west-1.amazonaws.com/000000000000/local-dev-Box.fifo"],
    [{ Ref: "Table" }, "local-dev-Table"],
    [{ Ref: "Fn" }, "app-dev-fn"],
    [{ Ref: "Api" }, "localapi00"],
    [{ Ref: "AWS::Region" }, "eu-west-1"],
    [{ Ref: "Other" }, "Other"],
    [{ "Fn::GetAtt": ["Box", "Arn"] }, "arn:aws:sqs:eu-west-1:000000000000:local-dev-Box.fifo"],
    [{ "Fn::GetAtt": "Fn.Arn" }, "arn:aws:lambda:eu-west-1:000000000000:function:app-dev-fn"],
    [
      { "Fn::Sub": "x/${AWS::AccountId}/${Box.QueueName}/${!literal}" },
      "x/000000000000/local-dev-Box.fifo/${literal}",
    ],
    [{ "Fn::Sub": ["${a}-${Table}", { a: { Ref: "Fn" } }] }, "app-dev-fn-local-dev-Table"],
    [{ "Fn::Join": ["/", ["integrations", { Ref: "Fn" }]] }, "integrations/app-dev-fn"],
    [{ deep: [{ Ref: "Table" }, 1, null] }, { deep: ["local-dev-Table", 1, null] }],
  ])("in %j is replaced", (value, expected) => {
    expect(resolveValue(value, resources, names)).toEqual(expected);
  });
});

describe("serverless.yml", () => {
  it("resolves to routes through the mailbox, without account or network", async () => {
    const topology = await readTopology(root, "fifo");

    const { $connect, $default, $disconnect } = topology.routes;
    expect([$connect.kind, $default.kind, $disconnect.kind]).toEqual(["queue", "queue", "queue"]);
    expect(topology.authorizer).toEqual({
      functionKey: "connect",
      identitySources: ["route.request.querystring.EIO"],
    });
    const [eventSource] = topology.eventSources;
    expect(eventSource).toMatchObject({ functionKey: "inbox", batchSize: 10, reportBatchItemFailures: true });
    const queue = topology.queues.find(({ name }) => name === eventSource!.queueName);
    const inbox = topology.functions.find(({ key }) => key === "inbox")!;
    expect(queue?.visibilityTimeoutSeconds).toBeGreaterThanOrEqual(inbox.timeoutSeconds);
    expect(topology.queues.map(({ name }) => name)).toContain(queue?.deadLetterQueue);
    expect(inbox.environment["NONSTICKY_MAILBOX_URL"]).toMatch(new RegExp(`/${queue!.name}$`));
    expect(inbox.environment["NONSTICKY_TABLE"]).toBe(topology.table.name);
    expect(topology.table).toMatchObject({ partitionKey: "pk", sortKey: "sk" });
    expect(topology.schedules).toEqual([{ functionKey: "heartbeat", everySeconds: 60 }]);
  });

  it("puts a client's frame into the mailbox as lib/aws reads it", async () => {
    const { routes } = await readTopology(root, "fifo");
    const render = compileTemplate(routes.$default.kind === "queue" ? routes.$default.template : "");

    const form = new URLSearchParams(
      render({
        context: {
          eventType: "MESSAGE",
          connectionId: "PJqB0fHsqRcCHlw=",
          requestId: "r",
          messageId: "m",
          requestTimeEpoch: 5,
          authorizer: { sid: "abc" },
        },
        body: "43[$util]",
      }),
    );

    expect(Object.fromEntries(form)).toEqual({
      Action: "SendMessage",
      MessageGroupId: "abc.k.m",
      MessageDeduplicationId: "m",
      MessageBody: "MESSAGE,abc,PJqB0fHsqRcCHlw=,5,NDNbJHV0aWxd",
    });
  });

  it("resolves to functions behind the routes in direct ordering", async () => {
    const topology = await readTopology(root, "direct");

    for (const route of Object.values(topology.routes))
      expect(route).toEqual({ kind: "function", functionKey: "inbox" });
    expect(topology.eventSources).toEqual([]);
    const inbox = topology.functions.find(({ key }) => key === "inbox")!;
    expect(inbox.environment["NONSTICKY_INBOX_FUNCTION"]).toBe(inbox.name);
  });
});

describe("a template", () => {
  it("that cannot be emulated is refused with what was expected", () => {
    const compiled = { stage: "dev", region: "us-east-1", functions: [], template: { Resources: {} } };

    expect(() => toTopology(compiled)).toThrow("expected one table in the template, got 0");
  });
});
