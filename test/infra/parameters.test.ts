import { readdir, readFile } from "node:fs/promises";
import path from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { resolveEngineOptions } from "../../lib/engine/engine-options.ts";
import { COMPILE_TIMEOUT_MS, compileTemplate, propertiesOf, resourcesOf } from "./compile.ts";
import { readDeployTable } from "./deploy-doc.ts";
import type { Template } from "./compile.ts";

const root = path.resolve(import.meta.dirname, "../..");

let used: readonly string[];
let documented: ReadonlyMap<string, string>;
let stages: string;

beforeAll(async () => {
  const inside = (await readdir(path.join(root, "infra"), { recursive: true })).filter(
    (name) => name.endsWith(".yml") && !name.startsWith("local"),
  );
  const files = ["serverless.yml", ...inside.map((name) => `infra/${name}`)];
  const texts = await Promise.all(files.map((name) => readFile(path.join(root, name), "utf8")));
  used = [
    ...new Set(texts.flatMap((text) => [...text.matchAll(/\$\{param:(\w+)/g)].map(([, name]) => name!))),
  ];
  documented = await readDeployTable("Parameters");
  stages = await readFile(path.join(root, "infra/stages.yml"), "utf8");
});

describe("the parameters of a stage", () => {
  it("are in docs/deploy.md, every one that is read and no other", () => {
    expect(used.length).toBeGreaterThan(15);
    expect([...documented.keys()].sort()).toEqual([...used].sort());
  });

  it("have the defaults there that infra/stages.yml gives them", () => {
    const [defaults, prod] = stages
      .split(/^prod:$/m)
      .map(
        (text) =>
          new Map(
            [...text.matchAll(/^ {2}(\w+): (.*)$/gm)].map(([, name, value]) => [
              name!,
              value!.replaceAll('"', ""),
            ]),
          ),
      );

    for (const [name, text] of documented) {
      const [own = "", inProd] = [defaults!.get(name), prod!.get(name)];
      const shown = own === "" ? "none" : `\`${own}\``;
      expect(`${name}: ${text}`).toBe(
        `${name}: ${inProd === undefined ? shown : `${shown}, prod \`${inProd}\``}`,
      );
    }
  });
});

describe("the heartbeat", () => {
  it("has presets that the code accepts, the balanced one what it has without an environment", async () => {
    const text = await readFile(path.join(root, "infra/heartbeat.yml"), "utf8");
    const presets = [...text.matchAll(/^(\w+):\n {2}pingIntervalMs: (\d+)\n {2}pingTimeoutMs: (\d+)$/gm)].map(
      ([, name, pingInterval, pingTimeout]) => [
        name,
        resolveEngineOptions({ pingInterval: Number(pingInterval), pingTimeout: Number(pingTimeout) }, {}),
      ],
    );
    const { pingIntervalMs, pingTimeoutMs } = resolveEngineOptions({}, {});

    expect(Object.fromEntries(presets)).toMatchObject({
      silent: { pingIntervalMs: 7_200_000, pingTimeoutMs: 120_000 },
      economy: { pingIntervalMs: 1_440_000, pingTimeoutMs: 120_000 },
      steady: { pingIntervalMs: 480_000, pingTimeoutMs: 120_000 },
      balanced: { pingIntervalMs, pingTimeoutMs },
      official: { pingIntervalMs: 25_000, pingTimeoutMs: 20_000 },
    });
  });

  it(
    "may be a preset with one of its numbers replaced",
    async () => {
      const template = await compileTemplate({
        stage: "dev",
        ordering: "fifo",
        params: { heartbeat: "economy", pingTimeoutMs: "95000" },
      });

      for (const { Properties } of resourcesOf(template, "AWS::Lambda::Function")) {
        expect(Properties.Environment.Variables).toMatchObject({
          NONSTICKY_PING_INTERVAL_MS: "1440000",
          NONSTICKY_PING_TIMEOUT_MS: "95000",
        });
      }
    },
    COMPILE_TIMEOUT_MS,
  );
});

describe("what costs nothing until it is asked for", () => {
  let plain: Template;
  let all: Template;

  beforeAll(async () => {
    [plain, all] = await Promise.all([
      compileTemplate({ stage: "dev", ordering: "fifo" }),
      compileTemplate({
        stage: "dev",
        ordering: "fifo",
        params: { tracing: "true", websocketLog: "true", recovery: "120000" },
      }),
    ]);
  }, COMPILE_TIMEOUT_MS);

  it("is tracing, which every function may do from the start, and which is all that may touch everything", () => {
    const policy = propertiesOf(all, "TracingPolicy").PolicyDocument.Statement;

    expect(policy).toEqual([
      { Effect: "Allow", Action: ["xray:PutTraceSegments", "xray:PutTelemetryRecords"], Resource: "*" },
    ]);
    for (const { Properties } of resourcesOf(all, "AWS::Lambda::Function")) {
      expect(Properties.TracingConfig).toEqual({ Mode: "Active" });
      const [role] = Properties.Role["Fn::GetAtt"] as [string];
      expect(propertiesOf(all, role).ManagedPolicyArns).toEqual([{ Ref: "TracingPolicy" }]);
    }
    expect(JSON.stringify(all).match(/"Resource":"\*"/g)).toHaveLength(1);
    expect(JSON.stringify(plain)).not.toMatch(/"Resource":"\*"|xray|TracingConfig/);
  });

  it("is the log of the WebSocket API, a line an event, without the session id of its query", () => {
    const { AccessLogSettings, AutoDeploy } = propertiesOf(all, "WebsocketsDeploymentStage");

    expect(AutoDeploy).toBe(true);
    expect(AccessLogSettings.DestinationArn).toEqual({ "Fn::GetAtt": ["WebsocketsLogGroup", "Arn"] });
    expect(propertiesOf(all, "WebsocketsLogGroup").RetentionInDays).toBe(7);
    for (const value of Object.values(JSON.parse(AccessLogSettings.Format) as Record<string, string>)) {
      expect(value).toMatch(/^\$context\.[A-Za-z.]+$/);
      expect(value).not.toMatch(/path|query|authorizer/i);
    }
    expect(propertiesOf(plain, "WebsocketsDeploymentStage")).not.toHaveProperty("AccessLogSettings");
  });

  it("is recovery, of which the code is told", () => {
    const variablesOf = (template: Template) =>
      propertiesOf(template, "PollLambdaFunction").Environment.Variables;

    expect(variablesOf(plain).NONSTICKY_RECOVERY).toBe("off");
    expect(variablesOf(all).NONSTICKY_RECOVERY).toBe("120000");
  });
});
