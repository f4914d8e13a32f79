import { describe, expect, it } from "vitest";
import { findClashes } from "../../infra/plugin/clashes.ts";
import type { JsonObject } from "../../infra/plugin/framework.ts";
import { mergeStack } from "../../infra/plugin/merge.ts";
import { readSettings, type OwnStack } from "../../infra/plugin/own-stack.ts";

const stack: OwnStack = {
  functions: {
    inbox: {
      handler: "functions/inbox.handler",
      role: "InboxRole",
      environment: { NONSTICKY_MAILBOX_URL: { Ref: "Mailbox" } },
      events: [{ websocket: "$default" }],
    },
    poll: { handler: "functions/poll.handler", events: [{ httpApi: "ANY /socket.io" }] },
  },
  provider: {
    name: "aws",
    stage: "dev",
    region: "us-east-1",
    runtime: "nodejs24.x",
    versionFunctions: false,
    tracing: { lambda: true },
    websocketsApiName: "shop-dev",
    websocketsApiRouteSelectionExpression: "$request.body.nonsticky",
    httpApi: { name: "shop-dev-poll" },
    logs: { httpApi: { format: "{}" } },
    environment: { NONSTICKY_TABLE: { Ref: "Table" } },
  },
  resources: {
    Resources: { Table: { Type: "AWS::DynamoDB::Table" } },
    Outputs: { TableName: { Value: { Ref: "Table" } } },
    extensions: { HttpApiStage: { Properties: { DefaultRouteSettings: { ThrottlingRateLimit: 1000 } } } },
  },
};

/** As the framework sets them. */
function extend(service: JsonObject): JsonObject {
  const extended = structuredClone(service) as Record<string, never>;
  for (const [path, value] of mergeStack(service, stack)) {
    let at: Record<string, unknown> = extended;
    for (const key of path.slice(0, -1)) at = (at[key] ??= {}) as Record<string, unknown>;
    at[path.at(-1)!] = value;
  }
  return extended;
}

describe("a service", () => {
  it("that has nothing gets everything, its other functions to come nothing", () => {
    const { functions, resources, provider } = extend({ service: "shop", provider: { name: "aws" } });

    expect(functions).toMatchObject({
      inbox: {
        runtime: "nodejs24.x",
        versionFunction: false,
        tracing: true,
        environment: { NONSTICKY_TABLE: { Ref: "Table" }, NONSTICKY_MAILBOX_URL: { Ref: "Mailbox" } },
      },
    });
    expect(resources).toEqual(stack.resources);
    expect(provider).toEqual({
      name: "aws",
      websocketsApiRouteSelectionExpression: "$request.body.nonsticky",
      httpApi: {},
      logs: { httpApi: { format: "{}" } },
    });
  });

  it("keeps its functions, resources and settings", () => {
    const own = {
      functions: { report: { handler: "src/report.handler" } },
      resources: {
        Resources: { Files: { Type: "AWS::S3::Bucket" } },
        extensions: { HttpApiStage: { Properties: { DefaultRouteSettings: { ThrottlingRateLimit: 5 } } } },
      },
      provider: { name: "aws", runtime: "nodejs22.x", logs: { httpApi: false }, environment: { A: "1" } },
    };

    const extended = extend(own);

    expect(extended).toMatchObject(own);
    expect(Object.keys(extended["functions"] as object)).toEqual(["report", "inbox", "poll"]);
    expect(Object.keys((extended["resources"] as JsonObject)["Resources"] as object)).toEqual([
      "Files",
      "Table",
    ]);
  });

  it("may have lists, or a variable, of functions and resources", () => {
    expect(mergeStack({ resources: [{ Resources: {} }, "${file(more.yml)}"] }, stack)).toContainEqual([
      ["resources", "2"],
      stack.resources,
    ]);
    expect(mergeStack({ resources: "${file(all.yml)}" }, stack)).toContainEqual([
      ["resources"],
      ["${file(all.yml)}", stack.resources],
    ]);
  });
});

describe("a name that both need", () => {
  it.each<[string, JsonObject, string]>([
    [
      "a function",
      { functions: { inbox: { handler: "src/mail.handler" } } },
      "functions.inbox (src/mail.handler), a name that nonsticky/serverless needs for functions/inbox.handler",
    ],
    [
      "a function in a list",
      { functions: [{ a: {} }, { poll: { handler: "src/poll.handler" } }] },
      "functions.poll (src/poll.handler), a name that nonsticky/serverless needs for functions/poll.handler",
    ],
    [
      "a resource",
      { resources: { Resources: { Table: { Type: "AWS::EC2::RouteTable" } } } },
      "resources.Resources.Table (AWS::EC2::RouteTable), a name that nonsticky/serverless needs for its own (AWS::DynamoDB::Table)",
    ],
    [
      "an output",
      { resources: [{ Outputs: { TableName: { Value: "mine" } } }] },
      "resources.Outputs.TableName, a name that nonsticky/serverless needs for its own",
    ],
    [
      "a route of the WebSocket API",
      { functions: { chat: { events: [{ websocket: { route: "$default" } }] } } },
      "functions.chat on the route $default, which nonsticky/serverless needs for its function inbox",
    ],
    [
      "a route of the HTTP API",
      { functions: { chat: { events: [{ httpApi: "ANY /socket.io" }] } } },
      "functions.chat on the route ANY /socket.io, which nonsticky/serverless needs for its function poll",
    ],
    [
      "how routes are selected",
      { provider: { websocketsApiRouteSelectionExpression: "$request.body.action" } },
      'provider.websocketsApiRouteSelectionExpression ("$request.body.action"), which must be $request.body.nonsticky',
    ],
    [
      "an API of another stack",
      { provider: { httpApi: { id: "abc" } } },
      "provider.httpApi.id, an API of another stack, where nonsticky/serverless needs one of this",
    ],
  ])("is told: %s", (_, service, clash) => {
    expect(findClashes(service, stack)).toEqual([clash]);
  });

  it("is none where names differ", () => {
    const service = {
      functions: {
        report: { handler: "r.handler", events: [{ httpApi: "GET /report" }, { websocket: "chat" }] },
      },
      resources: { Resources: { Files: { Type: "AWS::S3::Bucket" } } },
      provider: { name: "aws", httpApi: { cors: true } },
    };

    expect(findClashes(service, stack)).toEqual([]);
  });
});

describe("custom.nonsticky", () => {
  it("has an app, statements, and the parameters that files of the stack read", async () => {
    const statements = [{ Effect: "Allow", Action: "s3:GetObject", Resource: "*" }];
    const given = {
      app: "src/app.ts",
      edge: true,
      pollConcurrency: 5,
      replace: ["socket.io"],
      include: ["public"],
      keep: true,
      statements,
    };

    expect(await readSettings(given)).toEqual({
      app: "src/app.ts",
      replace: ["socket.io"],
      external: [],
      include: ["public"],
      start: true,
      keep: true,
      statements,
      params: { edge: true, pollConcurrency: 5 },
    });
  });

  it.each<[JsonObject | undefined, RegExp]>([
    [undefined, /expected custom\.nonsticky\.app to name the module that exports `io`.*got nothing/],
    [{ verifyToken: "secret" }, /expected custom\.nonsticky\.app (?!.*secret).*got nothing$/],
    [{ app: "a.ts", edges: true }, /expected custom\.nonsticky to have app, .*edge, .*ordering.*; got edges/],
    [
      { app: "a.ts", include: ["../public"] },
      /expected custom\.nonsticky\.include to be a list of files and folders of the service/,
    ],
    [{ app: "a.ts", keep: "yes" }, /expected custom\.nonsticky\.keep to be true or false, got "yes"/],
    [{ app: "a.ts", start: "no" }, /expected custom\.nonsticky\.start to be true or false, got "no"/],
    [
      { app: "a.ts", replace: "./socket.js" },
      /expected custom\.nonsticky\.replace to be a list of packages, like \[socket\.io\], got "\.\/socket\.js"/,
    ],
    [
      { app: "a.ts", statements: "all" },
      /expected custom\.nonsticky\.statements to be a list of IAM statements, got "all"/,
    ],
  ])("is refused as %j", async (given, message) => {
    await expect(readSettings(given)).rejects.toThrow(message);
  });
});
