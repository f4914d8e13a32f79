import { beforeAll, describe, expect, it } from "vitest";
import { COMPILE_TIMEOUT_MS, compileTemplate, propertiesOf } from "./compile.ts";
import { callsOf, reachFrom } from "./reach.ts";
import { readSources } from "./sources.ts";
import { actionOf, actionsOfStore } from "./store-actions.ts";
import type { Template } from "./compile.ts";

const connectionActions = ["execute-api:ManageConnections"];
const logActions = ["logs:CreateLogStream", "logs:PutLogEvents"];
const inboxTableActions = [
  "dynamodb:BatchGetItem",
  "dynamodb:BatchWriteItem",
  "dynamodb:DeleteItem",
  "dynamodb:GetItem",
  "dynamodb:PutItem",
  "dynamodb:Query",
  "dynamodb:UpdateItem",
];
const connectTableActions = ["dynamodb:BatchWriteItem", "dynamodb:GetItem", "dynamodb:UpdateItem"];
const pollTableActions = [
  "dynamodb:BatchWriteItem",
  "dynamodb:DeleteItem",
  "dynamodb:GetItem",
  "dynamodb:Query",
  "dynamodb:UpdateItem",
];
const heartbeatTableActions = [
  "dynamodb:BatchGetItem",
  "dynamodb:DeleteItem",
  "dynamodb:GetItem",
  "dynamodb:PutItem",
  "dynamodb:Query",
  "dynamodb:UpdateItem",
];

const fanoutTableActions = [
  "dynamodb:DeleteItem",
  "dynamodb:GetItem",
  "dynamodb:Query",
  "dynamodb:UpdateItem",
];

/** Where the code of each function begins; `runtime.ts` is what they get as a value. */
const startOf = {
  ConnectRole: ["lib/aws/connect-handler.ts"],
  PollRole: ["lib/aws/poll-handler.ts", "lib/engine/runtime.ts"],
  HeartbeatRole: [
    "lib/aws/heartbeat-handler.ts",
    "lib/engine/runtime.ts",
    "lib/socketio/timers/recurring.ts",
  ],
  FanoutRole: ["lib/aws/fan-out-handler.ts", "lib/engine/runtime.ts"],
} as const;

let fifo: Template;
let direct: Template;

beforeAll(async () => {
  [fifo, direct] = await Promise.all([
    compileTemplate({ stage: "dev", ordering: "fifo" }),
    compileTemplate({ stage: "dev", ordering: "direct" }),
  ]);
}, COMPILE_TIMEOUT_MS);

describe("the roles", () => {
  const sqs = ["sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ReceiveMessage", "sqs:SendMessage"];
  const invoke = ["lambda:InvokeFunction"];

  describe.each(["fifo", "direct"] as const)("in %s ordering", (ordering) => {
    const send = ordering === "fifo" ? ["sqs:SendMessage"] : invoke;
    const receive = ordering === "fifo" ? sqs : invoke;

    it.each([
      { role: "ConnectRole", actions: [...connectTableActions, ...logActions] },
      { role: "PollRole", actions: [...pollTableActions, ...connectionActions, ...send, ...logActions] },
      {
        role: "InboxRole",
        actions: [...inboxTableActions, ...connectionActions, ...receive, ...invoke, ...logActions],
      },
      {
        role: "FanoutRole",
        actions: [...fanoutTableActions, ...connectionActions, ...send, ...logActions],
      },
      {
        role: "HeartbeatRole",
        actions: [...heartbeatTableActions, ...connectionActions, ...send, ...logActions],
      },
    ])("let $role do exactly what its code calls", ({ role, actions }) => {
      expect(actionsOf(ordering === "fifo" ? fifo : direct, role)).toEqual([...actions].sort());
    });

    it("are one per function, and one of API Gateway's where that sends itself", () => {
      const template = ordering === "fifo" ? fifo : direct;
      const roles = Object.entries(template.Resources).filter(([, { Type }]) => Type === "AWS::IAM::Role");

      expect(roles.map(([name]) => name).sort()).toEqual(
        [
          "ConnectRole",
          "PollRole",
          "InboxRole",
          "HeartbeatRole",
          "FanoutRole",
          ...(ordering === "fifo" ? ["InRole"] : []),
        ].sort(),
      );
      for (const name of ["Connect", "Poll", "Inbox", "Heartbeat", "Fanout"]) {
        expect(propertiesOf(template, `${name}LambdaFunction`).Role).toEqual({
          "Fn::GetAtt": [`${name}Role`, "Arn"],
        });
      }
    });
  });

  it("let API Gateway send to the mailbox, and nothing else", () => {
    expect(actionsOf(fifo, "InRole")).toEqual(["sqs:SendMessage"]);
  });

  it.each(Object.entries(startOf))("give %s the table as far as its code reaches", async (role, files) => {
    const methods = callsOf("store", reachFrom(files).values());

    expect(methods.length).toBeGreaterThan(1);
    const needed = await actionsOfStore(methods);
    expect(actionsOf(fifo, role).filter((action) => action.startsWith("dynamodb:"))).toEqual(needed);
  });

  it("let the poll function close connections, and post to none", () => {
    const statement = statementsOf(fifo, "PollRole").find(
      ({ actions }) => actions[0] === connectionActions[0],
    )!;

    expect(statement.resources).toHaveLength(1);
    expect(statement.resources[0]).toContain(":${WebsocketsApi}/dev/DELETE/@connections/*");
    const own = reachFrom(startOf.PollRole);
    // Closing an outbox is a write to the table.
    expect(callsOf("outbound", own.values())).toEqual(["close", "closeOutbox"]);
    // What these do otherwise, the inbox asks of them.
    const ofOthers = /^lib\/engine\/(outbound\/(outbound|posts)|counted-ports)\.ts$/;
    const others = [...own].filter(([file]) => !ofOthers.test(file)).map(([, text]) => text);
    expect(callsOf("transport", others)).toEqual(["close"]);
  });

  it("let the inbox do every call that the store makes, and no other", async () => {
    const sources = await readSources("lib/state/dynamo");
    // A transaction needs leave for each of its writes, and none of its own.
    const calls = new Set(sources.flatMap((text) => text.match(/(?<=\bnew )[A-Z][A-Za-z]+Command\b/g) ?? []));

    calls.delete("TransactWriteCommand");
    const actions = [...calls].map((call) => actionOf[call] ?? `unknown: ${call}`).sort();
    expect(actionsOf(fifo, "InboxRole").filter((action) => action.startsWith("dynamodb:"))).toEqual(actions);
  });

  it("have a wildcard for connection ids and log streams only", () => {
    for (const template of [fifo, direct]) {
      for (const [role, { Type }] of Object.entries(template.Resources)) {
        if (Type !== "AWS::IAM::Role") continue;
        for (const { actions, resources } of statementsOf(template, role)) {
          expect(actions.filter((action) => action.includes("*"))).toEqual([]);
          for (const resource of resources) {
            const ending = actions[0]!.startsWith("logs:")
              ? /:log-group:\/aws\/lambda\/[a-z-]+:\*"\}$/
              : /\/@connections\/\*"\}$/;
            expect(resource.replace(ending, "")).not.toContain("*");
          }
        }
      }
    }
  });

  it("reach connections of their own stage, to post and to close", () => {
    const resources = statementsOf(fifo, "InboxRole").find(
      ({ actions }) => actions[0] === connectionActions[0],
    )!.resources;

    expect(resources).toHaveLength(2);
    expect(resources[0]).toContain(":${WebsocketsApi}/dev/POST/@connections/*");
    expect(resources[1]).toContain(":${WebsocketsApi}/dev/DELETE/@connections/*");
  });
});

/** The statements of a role, with actions and resources as lists. */
function statementsOf(template: Template, role: string): { actions: string[]; resources: string[] }[] {
  return propertiesOf(template, role)
    .Policies.flatMap((policy: { PolicyDocument: { Statement: unknown } }) => policy.PolicyDocument.Statement)
    .map((statement: { Action: string | string[]; Resource: unknown }) => ({
      actions: [statement.Action].flat(),
      resources: [statement.Resource].flat().map((resource) => JSON.stringify(resource)),
    }));
}

const actionsOf = (template: Template, role: string): string[] =>
  statementsOf(template, role)
    .flatMap((statement) => statement.actions)
    .sort();
