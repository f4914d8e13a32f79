import { createRequire } from "node:module";
import { beforeAll, describe, expect, it } from "vitest";
import { createLogger } from "../../lib/log.ts";
import { metrics as counted } from "../../lib/metrics.ts";
import { COMPILE_TIMEOUT_MS, compileTemplate, propertiesOf, resourcesOf } from "./compile.ts";
import { readDeployTable } from "./deploy-doc.ts";
import { readSources } from "./sources.ts";
import type { Resource, Template } from "./compile.ts";

/** infra/monitoring/actions.cjs, as the framework calls it. */
const resolveActions = createRequire(import.meta.url)("../../infra/monitoring/actions.cjs") as (framework: {
  resolveVariable(name: string): Promise<string>;
}) => Promise<unknown>;

const orderings = ["fifo", "direct"] as const;
const topic = "arn:aws:sns:us-east-1:123456789012:alarms";

let templates: Readonly<Record<string, Template>>;
let told: Template;
let unwatched: Template;

beforeAll(async () => {
  const [fifo, direct] = await Promise.all([
    compileTemplate({ stage: "dev", ordering: "fifo" }),
    // With routes of the app's own, which fifo has not.
    compileTemplate({ stage: "dev", ordering: "direct", params: { http: "true" } }),
  ]);
  templates = { fifo, direct };
  [told, unwatched] = await Promise.all([
    compileTemplate({
      stage: "dev",
      ordering: "fifo",
      params: { alarmTopic: topic, http: "true", timers: "true" },
    }),
    compileTemplate({ stage: "dev", ordering: "direct", params: { monitoring: "false", http: "true" } }),
  ]);
}, COMPILE_TIMEOUT_MS);

interface Metric {
  readonly Namespace: string;
  readonly MetricName: string;
  readonly Dimensions?: readonly { readonly Name: string; readonly Value: unknown }[];
}

const alarmsOf = (template: Template): readonly Resource[] => resourcesOf(template, "AWS::CloudWatch::Alarm");

/** An alarm's own metric, or those that it computes with. */
function metricsOf({ Properties }: Resource): Metric[] {
  if (Properties.Metrics === undefined) return [Properties];
  return Properties.Metrics.flatMap(
    (one: { MetricStat?: { Metric: Metric } }) => one.MetricStat?.Metric ?? [],
  );
}

const functionNamesOf = (template: Template): string[] =>
  resourcesOf(template, "AWS::Lambda::Function").map(({ Properties }) => Properties.FunctionName);

/** Dimensions of services that name a resource of the stack, and of what type that must be. */
const typeOf: Readonly<Record<string, string>> = {
  ApiId: "AWS::ApiGatewayV2::Api",
  QueueName: "AWS::SQS::Queue",
  TableName: "AWS::DynamoDB::Table",
};

describe.each(orderings)("the alarms, in %s ordering,", (ordering) => {
  it("watch what is in the stack, by the names that its metrics have", () => {
    const template = templates[ordering]!;

    for (const alarm of alarmsOf(template)) {
      const metrics = metricsOf(alarm);
      expect(metrics.length).toBeGreaterThan(0);
      for (const { Name, Value } of metrics.flatMap(({ Dimensions = [] }) => Dimensions)) {
        if (Name === "FunctionName") expect(functionNamesOf(template)).toContain(Value);
        else if (Name === "Stage")
          expect(Value).toBe(propertiesOf(template, "WebsocketsDeploymentStage").StageName);
        else {
          const named = Value as { Ref?: string; "Fn::GetAtt"?: [string, string] };
          expect(template.Resources[named.Ref ?? named["Fn::GetAtt"]![0]]?.Type).toBe(typeOf[Name]);
        }
      }
    }
  });

  it("notice every function that fails or is not run", () => {
    const template = templates[ordering]!;
    const watched = (metric: string) =>
      alarmsOf(template)
        .flatMap(metricsOf)
        .filter(({ Namespace, MetricName }) => Namespace === "AWS/Lambda" && MetricName === metric)
        .flatMap(({ Dimensions = [] }) => Dimensions.map(({ Value }) => Value))
        .sort();

    expect(watched("Errors")).toEqual(functionNamesOf(template).sort());
    expect(watched("Throttles")).toEqual(functionNamesOf(template).sort());
    expect(watched("Invocations")).toEqual(["nonsticky-dev-heartbeat"]);
    expect(propertiesOf(template, "HeartbeatStoppedAlarm").TreatMissingData).toBe("breaching");
  });

  it("notice what API Gateway answers before any code of ours runs", () => {
    const metrics = metricsOf(templates[ordering]!.Resources.IntegrationErrorsAlarm!);

    expect(metrics.map(({ MetricName }) => MetricName)).toEqual(["IntegrationError", "ExecutionError"]);
    expect(metrics[0]!.Dimensions).toEqual([
      { Name: "ApiId", Value: { Ref: "WebsocketsApi" } },
      { Name: "Stage", Value: "dev" },
    ]);
  });

  it("say in words what is broken, and tell nobody without a topic", () => {
    for (const { Properties } of alarmsOf(templates[ordering]!)) {
      expect(Properties.AlarmDescription).toMatch(/^[A-Z].{20,}[^.]$/);
      expect(Properties.AlarmActions).toEqual([]);
      expect(Properties.TreatMissingData).toMatch(/reaching$/);
    }
  });

  it("have a dashboard beside them, whose widgets show what is in the stack and lie beside each other", () => {
    const template = templates[ordering]!;
    const text: string = propertiesOf(template, "Dashboard").DashboardBody["Fn::Sub"];
    for (const [, name] of text.matchAll(/\$\{(\w+)(?:\.\w+)?\}/g))
      expect(template.Resources).toHaveProperty(name!);

    const { widgets } = JSON.parse(text.replaceAll(/\$\{AWS::Region\}/g, "us-east-1")) as {
      widgets: {
        x: number;
        y: number;
        width: number;
        height: number;
        properties: { metrics: unknown[][] };
      }[];
    };
    const cells = widgets.flatMap(({ x, y, width, height }) =>
      Array.from(
        { length: width * height },
        (_, cell) => `${x + (cell % width)},${y + Math.floor(cell / width)}`,
      ),
    );
    const own = widgets
      .flatMap(({ properties }) => properties.metrics.flat())
      .filter((one): one is string => typeof one === "string" && one.startsWith("nonsticky-dev-"));

    const rows = ordering === "direct" ? 7 : 6;
    expect(widgets).toHaveLength(2 * rows);
    expect(new Set(cells).size).toBe(24 * 6 * rows);
    expect([...new Set(own)].sort()).toEqual(functionNamesOf(template).sort());
  });
});

describe("the functions' own metrics on the dashboard", () => {
  const readText = (): string => propertiesOf(templates.fifo!, "Dashboard").DashboardBody["Fn::Sub"];

  it("are such as are counted", () => {
    const widgets = readText()
      .split('{"type": "metric"')
      .filter((widget) => /\["nonsticky"|\{nonsticky,/.test(widget));
    const named = widgets.flatMap((widget) =>
      [...widget.matchAll(/(?:\["(?:nonsticky|\.)", "|MetricName=\\")(\w+)/g)].map(([, name = ""]) => name),
    );
    const known = Object.keys(counted);

    expect(named).toHaveLength(12);
    expect(named.filter((name) => !known.some((one) => name.startsWith(one)))).toEqual([]);
  });

  it("are of this service and stage, in the dimensions that are written", () => {
    const { NONSTICKY_SERVICE: service, NONSTICKY_STAGE: stage } = propertiesOf(
      templates.fifo!,
      "InboxLambdaFunction",
    ).Environment.Variables as Record<string, string>;

    expect(readText()).toContain(
      `"service", "${service}", "stage", "${stage}", "function", "nonsticky-dev-inbox"`,
    );
    expect(readText()).toContain(`service=\\"${service}\\" stage=\\"${stage}\\"`);
  });
});

describe("the metrics of the logs", () => {
  it.each([
    ["without routes", "fifo", []],
    ["with routes", "direct", ["HttpLogGroup"]],
  ])("are of every function, in the namespace of the stage, and watched, %s", (_, ordering, routes) => {
    const template = templates[ordering]!;
    const filters = resourcesOf(template, "AWS::Logs::MetricFilter").map(({ Properties }) => Properties);
    const groupsOf = (metric: string) =>
      filters
        .filter(({ MetricTransformations: [one] }) => one.MetricName === metric)
        .map(({ LogGroupName }) => LogGroupName.Ref)
        .sort();

    expect(groupsOf("ErrorLines")).toEqual([
      "ConnectLogGroup",
      "FanoutLogGroup",
      "HeartbeatLogGroup",
      ...routes,
      "InboxLogGroup",
      "PollLogGroup",
    ]);
    // The other two post to nobody.
    expect(groupsOf("RefusedPosts")).toEqual([
      "FanoutLogGroup",
      "HeartbeatLogGroup",
      ...routes,
      "InboxLogGroup",
    ]);
    for (const { MetricTransformations } of filters) {
      expect(MetricTransformations).toHaveLength(1);
      const { MetricNamespace, MetricName } = MetricTransformations[0];
      const watching = alarmsOf(template)
        .flatMap(metricsOf)
        .filter((one) => one.Namespace === MetricNamespace && one.MetricName === MetricName);
      expect(watching).toHaveLength(1);
    }
  });

  it("count lines as the logger writes them", async () => {
    const lines: string[] = [];
    createLogger("warn", (line) => lines.push(line)).error("broken");

    expect(JSON.parse(lines[0]!)).toMatchObject({ level: "error" });
    expect(propertiesOf(templates.fifo!, "InboxErrorLines").FilterPattern).toBe('{ $.level = "error" }');
    expect(propertiesOf(templates.fifo!, "InboxRefusedPosts").FilterPattern).toBe(
      '{ $.code = "core.recipient_dropped" && $.why = "busy" }',
    );
    for (const what of ["ErrorLines", "RefusedPosts"]) {
      const [own, inbox] = ["Http", "Inbox"].map((name) => propertiesOf(templates.direct!, name + what));
      expect({ ...own, LogGroupName: inbox.LogGroupName }).toEqual(inbox);
    }
    const posting = (await readSources("lib/engine")).filter((text) =>
      text.includes('"core.recipient_dropped"'),
    );
    expect(posting).toHaveLength(1);
    expect(posting[0]).toMatch(/code: "core\.recipient_dropped",\s+why,/);
  });
});

it("watches the mailbox where there is one, and Lambda's own queue where there is none", () => {
  const names = (template: Template) =>
    Object.keys(template.Resources).filter((name) =>
      /^(DeadLetters|MailboxAge|DroppedLetters)Alarm$/.test(name),
    );

  expect(names(templates.fifo!).sort()).toEqual(["DeadLettersAlarm", "MailboxAgeAlarm"]);
  expect(names(templates.direct!)).toEqual(["DroppedLettersAlarm"]);
  expect(propertiesOf(templates.fifo!, "DeadLettersAlarm").Dimensions).toEqual([
    { Name: "QueueName", Value: { "Fn::GetAtt": ["DeadLetters", "QueueName"] } },
  ]);
});

it("notices timers that nobody takes, later than any may wait until it is due", () => {
  const alarm = propertiesOf(told, "TimersAgeAlarm");

  expect(alarm).toMatchObject({
    MetricName: "ApproximateAgeOfOldestMessage",
    Dimensions: [{ Name: "QueueName", Value: { "Fn::GetAtt": ["Alarms", "QueueName"] } }],
  });
  expect(alarm.Threshold).toBeGreaterThan(900);
  for (const template of [...Object.values(templates), unwatched])
    expect(template.Resources).not.toHaveProperty("TimersAgeAlarm");
});

it("tells a topic of every alarm and of its end", () => {
  // Two of them are of the routes, one is of timers.
  expect(alarmsOf(told).length).toBe(alarmsOf(templates.fifo!).length + 3);
  for (const { Properties } of alarmsOf(told)) {
    expect([Properties.AlarmActions, Properties.OKActions]).toEqual([[topic], [topic]]);
  }
});

it("refuses a topic that is none", async () => {
  await expect(resolveActions({ resolveVariable: async () => "alarms" })).rejects.toThrow(
    "expected the parameter alarmTopic to be the ARN of an SNS topic, got alarms",
  );
});

it("leaves all of it out where a stage says so", () => {
  const types = new Set(Object.values(unwatched.Resources).map(({ Type }) => Type));

  expect([...types].filter((type) => /CloudWatch|MetricFilter/.test(type))).toEqual([]);
});

it("has each alarm in docs/deploy.md, by its name", async () => {
  const names = [...Object.values(templates), told].flatMap(({ Resources }) =>
    Object.keys(Resources).filter((name) => name.endsWith("Alarm")),
  );

  const documented = [...(await readDeployTable("Alarms")).keys()].map((name) => `${name}Alarm`);
  expect(documented.sort()).toEqual([...new Set(names)].sort());
});
