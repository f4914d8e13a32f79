import { beforeAll, describe, expect, it } from "vitest";
import { resolveEngineOptions } from "../../lib/engine/engine-options.ts";
import { COMPILE_TIMEOUT_MS, compileTemplate, propertiesOf, resourcesOf } from "./compile.ts";
import type { Template } from "./compile.ts";

let dev: Template;
let prod: Template;
let custom: Template;

beforeAll(async () => {
  [dev, prod, custom] = await Promise.all([
    compileTemplate({ stage: "dev", ordering: "direct" }),
    compileTemplate({ stage: "prod", ordering: "fifo" }),
    compileTemplate({
      stage: "dev",
      ordering: "fifo",
      params: { path: "/chat/rooms", pollConcurrency: "50" },
    }),
  ]);
}, COMPILE_TIMEOUT_MS);

const routeKeysOf = (template: Template): string[] =>
  resourcesOf(template, "AWS::ApiGatewayV2::Route")
    .filter(({ Properties }) => Properties.ApiId.Ref === "HttpApi")
    .map(({ Properties }) => Properties.RouteKey);

describe("the HTTP API", () => {
  it("has routes for the server's path and below, none of which ends in the slash that API Gateway refuses", () => {
    for (const template of [dev, prod]) {
      expect(routeKeysOf(template)).toEqual(["ANY /socket.io", "ANY /socket.io/{proxy+}"]);
    }
  });

  it("moves with the path, of which the code is told", () => {
    expect(routeKeysOf(custom)).toEqual(["ANY /chat/rooms", "ANY /chat/rooms/{proxy+}"]);
    expect(propertiesOf(custom, "PollLambdaFunction").Environment.Variables.NONSTICKY_PATH).toBe(
      "/chat/rooms",
    );
  });

  it("invokes the poll function with events of version 2.0, for every method", () => {
    for (const template of [dev, prod]) {
      const integration = propertiesOf(template, "HttpApiIntegrationPoll");
      expect(integration).toMatchObject({
        IntegrationType: "AWS_PROXY",
        PayloadFormatVersion: "2.0",
        IntegrationUri: { "Fn::GetAtt": ["PollLambdaFunction", "Arn"] },
      });
      for (const { Properties } of resourcesOf(template, "AWS::ApiGatewayV2::Route")) {
        if (Properties.ApiId.Ref !== "HttpApi") continue;
        expect(Properties.Target).toEqual({
          "Fn::Join": ["/", ["integrations", { Ref: "HttpApiIntegrationPoll" }]],
        });
        expect(Properties.AuthorizationType ?? "NONE").toBe("NONE");
      }
    }
  });

  it("leaves CORS to the server's option: with a configuration of its own it would answer preflights itself", () => {
    expect(propertiesOf(dev, "HttpApi")).not.toHaveProperty("CorsConfiguration");
  });

  it("is throttled explicitly, and deploys every change", () => {
    for (const [template, rate, burst] of [
      [dev, 1000, 500],
      [prod, 10_000, 5000],
    ] as const) {
      expect(propertiesOf(template, "HttpApiStage")).toMatchObject({
        StageName: "$default",
        AutoDeploy: true,
        DefaultRouteSettings: { ThrottlingRateLimit: rate, ThrottlingBurstLimit: burst },
      });
    }
  });

  it("logs each request for a limited time, without the session id of its query", () => {
    const { AccessLogSettings } = propertiesOf(dev, "HttpApiStage");

    expect(AccessLogSettings.DestinationArn).toEqual({ "Fn::GetAtt": ["HttpApiLogGroup", "Arn"] });
    const line = JSON.parse(AccessLogSettings.Format) as Record<string, string>;
    expect(line).toMatchObject({ route: "$context.routeKey", status: "$context.status" });
    for (const value of Object.values(line)) {
      expect(value).toMatch(/^\$context\.[A-Za-z.]+$/);
      expect(value).not.toMatch(/path|query/i);
    }
    expect(propertiesOf(dev, "HttpApiLogGroup").RetentionInDays).toBe(7);
    expect(propertiesOf(prod, "HttpApiLogGroup").RetentionInDays).toBe(30);
  });
});

describe("the poll function", () => {
  it("may hold a GET for as long as any option allows, and ends before the HTTP API does", () => {
    const { Timeout } = propertiesOf(dev, "PollLambdaFunction");
    const { pollHoldMs } = resolveEngineOptions({ pollHold: 1e9 }, {});
    const { TimeoutInMillis } = propertiesOf(dev, "HttpApiIntegrationPoll");

    expect(Timeout * 1000).toBeGreaterThan(pollHoldMs + 2_000);
    expect(Timeout * 1000).toBeLessThan(TimeoutInMillis);
  });

  it("reserves concurrency where the stage says so only: a new account may have no more than 10", () => {
    expect(propertiesOf(dev, "PollLambdaFunction")).not.toHaveProperty("ReservedConcurrentExecutions");
    expect(propertiesOf(custom, "PollLambdaFunction").ReservedConcurrentExecutions).toBe(50);
  });
});
