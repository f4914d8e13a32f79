import { beforeAll, describe, expect, it } from "vitest";
import { COMPILE_TIMEOUT_MS, compileTemplate, propertiesOf, type Template } from "./compile.ts";

const alarms = { "Fn::GetAtt": ["Alarms", "Arn"] };

let withTimers: Template;
let without: Template;
let direct: Template;

beforeAll(async () => {
  const params = { timers: "true" };
  [withTimers, without, direct] = await Promise.all([
    compileTemplate({ stage: "dev", ordering: "fifo", params }),
    compileTemplate({ stage: "dev", ordering: "fifo" }),
    compileTemplate({ stage: "dev", ordering: "direct", params }),
  ]);
}, COMPILE_TIMEOUT_MS);

interface Statement {
  readonly Action: readonly string[];
  readonly Resource: unknown;
}

/** What a role may do with the queue of alarms. */
const actionsOf = (template: Template, role: string): readonly string[] =>
  propertiesOf(template, role)
    .Policies.flatMap(
      (policy: { PolicyDocument: { Statement: Statement[] } }) => policy.PolicyDocument.Statement,
    )
    .filter(({ Resource }: Statement) => JSON.stringify(Resource).includes('"Alarms"'))
    .flatMap(({ Action }: Statement) => Action)
    .toSorted();

describe("the parameter timers", () => {
  it("puts a standard queue into the stack, which keeps what is in it for two weeks", () => {
    expect(propertiesOf(withTimers, "Alarms")).toEqual({
      MessageRetentionPeriod: 1_209_600,
      VisibilityTimeout: 30,
      SqsManagedSseEnabled: true,
    });
  });

  it("has the inbox function take out of it what is due, and report what failed", () => {
    expect(propertiesOf(withTimers, "AlarmsMapping")).toEqual({
      EventSourceArn: alarms,
      FunctionName: { "Fn::GetAtt": ["InboxLambdaFunction", "Arn"] },
      BatchSize: 10,
      FunctionResponseTypes: ["ReportBatchItemFailures"],
    });
    expect(propertiesOf(withTimers, "InboxLambdaFunction").Timeout).toBeLessThanOrEqual(30);
    // It sends to what invokes it: a chain of more than sixteen is no runaway.
    expect(propertiesOf(withTimers, "InboxLambdaFunction").RecursiveLoop).toBe("Allow");
  });

  it("lets the inbox take out and send, the heartbeat send, and nobody else anything", () => {
    expect(actionsOf(withTimers, "InboxRole")).toEqual([
      "sqs:DeleteMessage",
      "sqs:GetQueueAttributes",
      "sqs:ReceiveMessage",
      "sqs:SendMessage",
    ]);
    expect(actionsOf(withTimers, "HeartbeatRole")).toEqual(["sqs:SendMessage"]);
    expect(actionsOf(withTimers, "PollRole")).toEqual([]);
    expect(actionsOf(withTimers, "ConnectRole")).toEqual([]);
  });

  it("tells the functions where it is", () => {
    expect(
      propertiesOf(withTimers, "InboxLambdaFunction").Environment.Variables.NONSTICKY_ALARMS_URL,
    ).toEqual({
      Ref: "Alarms",
    });
    expect(propertiesOf(without, "InboxLambdaFunction").Environment.Variables.NONSTICKY_ALARMS_URL).toBe("");
  });

  it("leaves a stack without it, and one with direct ordering, as they are", () => {
    for (const template of [without, direct]) {
      expect(JSON.stringify(template)).not.toContain('"Alarms"');
      expect(Object.keys(template.Resources)).not.toContain("AlarmsMapping");
    }
  });
});
