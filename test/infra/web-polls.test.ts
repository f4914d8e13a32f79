import { beforeAll, describe, expect, it } from "vitest";
import { REQUESTS_AT_ONCE } from "../../lib/aws/poll-server.ts";
import { COMPILE_TIMEOUT_MS, compileTemplate, propertiesOf, type Template } from "./compile.ts";

const archive = { webPollsBucket: "archives", webPollsKey: "poll.zip", webPollsVersion: "v1" };

let off: Template;
let on: Template;

beforeAll(async () => {
  [off, on] = await Promise.all([
    compileTemplate({ stage: "dev", ordering: "fifo" }),
    compileTemplate({ stage: "dev", ordering: "fifo", params: { webPolls: "true", ...archive } }),
  ]);
}, COMPILE_TIMEOUT_MS);

/** Archives are named by the moment of packaging. */
const withoutTimes = (value: unknown): unknown =>
  JSON.parse(JSON.stringify(value).replaceAll(/\d{13}-\d{4}-\d\d-\d\dT[\d:.]+Z/g, "then"));

describe("the web function that polls", () => {
  it("is off unless a parameter says otherwise, and changes nothing else when it is on", () => {
    const own = Object.entries(on.Resources).filter(([name]) => !(name in off.Resources));
    const others = Object.fromEntries(Object.entries(on.Resources).filter(([name]) => name in off.Resources));

    expect(Object.fromEntries(own.map(([name, { Type }]) => [name, Type]))).toEqual({
      WebPollsLog: "AWS::Logs::LogGroup",
      WebPollsRole: "AWS::IAM::Role",
      WebPolls: "AWS::Lambda::WebFunction",
      WebPollsRevision: "AWS::Lambda::WebFunctionRevision",
      WebPollsEndpoint: "AWS::Lambda::WebFunctionEndpoint",
    });
    expect(withoutTimes(others)).toEqual(withoutTimes(off.Resources));
    const { WebPollsUrl, ...outputs } = on.Outputs;
    expect(WebPollsUrl).toMatchObject({ Value: { "Fn::Sub": "https://${WebPollsEndpoint.DomainName}" } });
    expect(outputs).toEqual(off.Outputs);
  });

  it("has the shape that AWS documents", () => {
    const FunctionName = "nonsticky-dev-poll";
    expect(propertiesOf(on, "WebPolls")).toEqual({ FunctionName });
    expect(on.Resources["WebPollsRevision"]).toEqual({
      Type: "AWS::Lambda::WebFunctionRevision",
      DependsOn: ["WebPolls"],
      UpdateReplacePolicy: "Retain",
      Properties: {
        FunctionName,
        BuildConfig: {
          CodeConfig: { S3Object: { Bucket: "archives", Key: "poll.zip", VersionId: "v1" } },
          RuntimeConfig: { Runtime: "nodejs24.x" },
        },
        ServiceConfig: {
          ExecutionRoleArn: { "Fn::GetAtt": ["WebPollsRole", "Arn"] },
          MaxConcurrencyPerEnvironment: REQUESTS_AT_ONCE,
          TimeoutSeconds: 30,
          EnvironmentVariables: {
            ...propertiesOf(off, "PollLambdaFunction").Environment.Variables,
            NONSTICKY_UPGRADES: "none",
            NONSTICKY_TRUSTED_HOPS: "0",
          },
          TelemetryConfig: { LoggingConfig: { LogGroup: { Ref: "WebPollsLog" } } },
        },
      },
    });
    expect(on.Resources["WebPollsEndpoint"]).toEqual({
      Type: "AWS::Lambda::WebFunctionEndpoint",
      DependsOn: ["WebPolls"],
      Properties: {
        FunctionName,
        EndpointName: "polls",
        EndpointType: "HomeRegion",
        AuthType: "ApplicationManaged",
        RevisionWeights: [{ RevisionId: { "Fn::GetAtt": ["WebPollsRevision", "RevisionId"] }, Weight: 100 }],
      },
    });
  });

  it("may do what the poll function may, and writes a log of its own", () => {
    const statementsOf = (role: string) =>
      propertiesOf(on, role).Policies[0].PolicyDocument.Statement as readonly { Resource: unknown }[];
    const [log, ...own] = statementsOf("WebPollsRole");
    const [logOfPoll, ...ofPoll] = statementsOf("PollRole");

    expect(own).toEqual(ofPoll);
    expect(log).toEqual({ ...logOfPoll, Resource: { "Fn::GetAtt": ["WebPollsLog", "Arn"] } });
    expect(propertiesOf(on, "WebPollsLog").LogGroupName).toBe("/aws/lambda/web/nonsticky-dev-poll");
  });

  it(
    "is refused without its archive",
    async () => {
      await expect(
        compileTemplate({
          stage: "dev",
          ordering: "fifo",
          params: { webPolls: "true", webPollsKey: "poll.zip" },
        }),
      ).rejects.toMatchObject({
        stdout: expect.stringMatching(
          /expected the parameters webPollsBucket, webPollsKey and .*got no Bucket, VersionId/,
        ) as string,
      });
    },
    COMPILE_TIMEOUT_MS,
  );
});
