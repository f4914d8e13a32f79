import { execFile } from "node:child_process";
import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readService } from "../../infra/local/service/read-topology.ts";
import { COMPILE_TIMEOUT_MS } from "./compile.ts";

const root = path.resolve(import.meta.dirname, "../..");
let serviceDir: string;

/** The plugin's source, as the framework finds one: by a file of the service. */
const plugin = `export { default } from ${JSON.stringify(path.join(root, "infra/plugin/serverless-plugin.ts"))};`;

const configuration = `
service: shop
frameworkVersion: ^4.3.1
plugins: [./plugin.mjs] # nonsticky/serverless
params:
  default: { pings: 30000 }
custom:
  nonsticky:
    app: src/app.ts
    pingIntervalMs: \${param:pings}
    statements:
      - Effect: Allow
        Action: dynamodb:GetItem
        Resource: { Fn::GetAtt: [Orders, Arn] }
provider:
  name: aws
  region: eu-central-1
  runtime: nodejs22.x
  environment: { ORDERS: { Ref: Orders } }
  iam: { role: { managedPolicies: [{ Ref: NonstickyEmitPolicy }] } }
functions:
  report:
    handler: src/report.handler
    environment: { TABLE: { Ref: Table } }
    events:
      - httpApi: GET /report
      - schedule: cron(0 8 * * ? *)
resources:
  Resources:
    Orders:
      Type: AWS::DynamoDB::Table
      Properties:
        BillingMode: PAY_PER_REQUEST
        AttributeDefinitions: [{ AttributeName: id, AttributeType: S }]
        KeySchema: [{ AttributeName: id, KeyType: HASH }]
`;

beforeAll(async () => {
  serviceDir = await mkdtemp(path.join(tmpdir(), "nonsticky-plugin-"));
  await mkdir(path.join(serviceDir, "node_modules"));
  await symlink(path.join(root, "node_modules/serverless"), path.join(serviceDir, "node_modules/osls"));
  await writeFile(path.join(serviceDir, "plugin.mjs"), plugin);
  await writeFile(path.join(serviceDir, "serverless.yml"), configuration);
});

afterAll(() => rm(serviceDir, { recursive: true, force: true }));

async function print(...args: readonly string[]): Promise<string> {
  const framework = path.join(root, "node_modules/.bin/serverless");
  const tsx = import.meta.resolve("tsx");
  const command = ["--import", tsx, framework, "print", "--format", "json", ...args];
  const { stdout } = await promisify(execFile)(process.execPath, command, {
    cwd: serviceDir,
    env: { PATH: process.env.PATH, HOME: serviceDir, CI: "true" },
  });
  return stdout;
}

describe("the plugin, in somebody's service", { timeout: COMPILE_TIMEOUT_MS }, () => {
  it("adds the stack for the service's name, stage and parameters, and leaves what is there", async () => {
    const { functions, provider, resources } = JSON.parse(await print("--stage", "prod"));

    expect(functions.report).toEqual({
      handler: "src/report.handler",
      environment: { TABLE: { Ref: "Table" } },
      events: [{ httpApi: "GET /report" }, { schedule: "cron(0 8 * * ? *)" }],
      name: "shop-prod-report",
    });
    expect(provider).toMatchObject({ runtime: "nodejs22.x", environment: { ORDERS: { Ref: "Orders" } } });
    expect(functions.inbox).toMatchObject({
      name: "shop-prod-inbox",
      runtime: "nodejs24.x",
      role: "InboxRole",
      environment: {
        NONSTICKY_TABLE: { Ref: "Table" },
        NONSTICKY_PING_INTERVAL_MS: "30000",
        // What infra/stages.yml says of prod.
        NONSTICKY_LOG_LEVEL: "warn",
      },
    });
    expect(Object.keys(resources.Resources)).toEqual(
      expect.arrayContaining(["Orders", "Table", "Mailbox", "InIntegration", "NonstickyEmitPolicy"]),
    );
    const policies = resources.Resources.InboxRole.Properties.Policies as { PolicyName: string }[];
    expect(policies.find(({ PolicyName }) => PolicyName === "app")).toMatchObject({
      PolicyDocument: { Statement: [{ Action: "dynamodb:GetItem" }] },
    });
  });

  it("takes a parameter from the command line", async () => {
    const { functions, resources } = JSON.parse(await print("--param", "ordering=direct"));

    expect(functions.inbox.environment.NONSTICKY_INBOX_FUNCTION).toBe("shop-dev-inbox");
    expect(resources.Resources.Mailbox).toBeUndefined();
  });

  it("says which name both need, and of what kind", async () => {
    await writeFile(
      path.join(serviceDir, "clash.yml"),
      configuration.replace("report:", "inbox:").replace("Orders:", "Table:"),
    );

    const message = await print("--config", "clash.yml").catch(
      ({ stdout, stderr }: { stdout: string; stderr: string }) => stdout + stderr,
    );

    expect(message).toContain(
      "functions.inbox (src/report.handler), a name that nonsticky/serverless needs for functions/inbox.handler",
    );
    expect(message).toContain("resources.Resources.Table (AWS::DynamoDB::Table), a name that");
    expect(message).not.toContain("    at ");
  });

  it("runs locally without the service's own functions and tables, in the service's environment", async () => {
    const { topology, app } = await readService(serviceDir, undefined);

    expect(app).toBe("src/app.ts");
    expect(topology.functions.map(({ key }) => key).sort()).toEqual([
      "connect",
      "fanout",
      "heartbeat",
      "http",
      "inbox",
      "poll",
    ]);
    const inbox = topology.functions.find(({ key }) => key === "inbox")!;
    expect(inbox.environment).toMatchObject({ ORDERS: "Orders", NONSTICKY_PING_INTERVAL_MS: "30000" });
    expect(topology.schedules.map(({ functionKey }) => functionKey)).toEqual(["heartbeat"]);
    expect(topology.httpFunctionKey).toBe("poll");
    expect(topology.table.partitionKey).toBe("pk");
  });
});
