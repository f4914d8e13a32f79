import { beforeAll, describe, expect, it } from "vitest";
import { compileTemplate, propertiesOf } from "./compile.ts";
import { readSources } from "./sources.ts";
import type { Template } from "./compile.ts";

const connectionActions = ["execute-api:ManageConnections"];
const logActions = ["logs:CreateLogStream", "logs:PutLogEvents"];
const inboxTableActions = [
  "dynamodb:BatchWriteItem",
  "dynamodb:DeleteItem",
  "dynamodb:GetItem",
  "dynamodb:PutItem",
  "dynamodb:Query",
  "dynamodb:UpdateItem",
];
const heartbeatTableActions = [
  "dynamodb:DeleteItem",
  "dynamodb:PutItem",
  "dynamodb:Query",
  "dynamodb:UpdateItem",
];

/** The commands of the document client, and what IAM calls them. */
const actionOf: Readonly<Record<string, string>> = {
  BatchWrite: "dynamodb:BatchWriteItem",
  Delete: "dynamodb:DeleteItem",
  Get: "dynamodb:GetItem",
  Put: "dynamodb:PutItem",
  Query: "dynamodb:Query",
  Update: "dynamodb:UpdateItem",
};

let fifo: Template;
let direct: Template;

beforeAll(async () => {
  [fifo, direct] = await Promise.all([
    compileTemplate({ stage: "dev", ordering: "fifo" }),
    compileTemplate({ stage: "dev", ordering: "direct" }),
  ]);
});

describe("the roles", () => {
  const sqs = ["sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ReceiveMessage", "sqs:SendMessage"];
  const invoke = ["lambda:InvokeFunction"];

  it.each([
    { ordering: "fifo", role: "ConnectRole", actions: ["dynamodb:BatchWriteItem", ...logActions] },
    {
      ordering: "fifo",
      role: "InboxRole",
      actions: [...inboxTableActions, ...connectionActions, ...logActions, ...sqs],
    },
    {
      ordering: "fifo",
      role: "HeartbeatRole",
      actions: [...heartbeatTableActions, ...connectionActions, ...logActions, "sqs:SendMessage"],
    },
    { ordering: "fifo", role: "InRole", actions: ["sqs:SendMessage"] },
    { ordering: "direct", role: "ConnectRole", actions: ["dynamodb:BatchWriteItem", ...logActions] },
    {
      ordering: "direct",
      role: "InboxRole",
      actions: [...inboxTableActions, ...connectionActions, ...invoke, ...logActions],
    },
    {
      ordering: "direct",
      role: "HeartbeatRole",
      actions: [...heartbeatTableActions, ...connectionActions, ...invoke, ...logActions],
    },
  ])("lets $role do exactly what its code calls ($ordering)", ({ ordering, role, actions }) => {
    expect(actionsOf(ordering === "fifo" ? fifo : direct, role)).toEqual(actions);
  });

  it("let the inbox do every call that the store makes, and no other", async () => {
    const sources = await readSources("lib/state/dynamo");
    const calls = new Set(sources.flatMap((text) => text.match(/\b[A-Z][A-Za-z]+(?=Command\b)/g) ?? []));

    const actions = [...calls].map((call) => actionOf[call] ?? `unknown: ${call}`).sort();
    expect(actionsOf(fifo, "InboxRole").filter((action) => action.startsWith("dynamodb:"))).toEqual(actions);
  });

  it("are one per function", () => {
    for (const name of ["Connect", "Inbox", "Heartbeat"]) {
      expect(propertiesOf(fifo, `${name}LambdaFunction`).Role).toEqual({
        "Fn::GetAtt": [`${name}Role`, "Arn"],
      });
    }
    expect(fifo.Resources).not.toHaveProperty("IamRoleLambdaExecution");
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
