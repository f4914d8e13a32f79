import { beforeAll, describe, expect, it } from "vitest";
import { COMPILE_TIMEOUT_MS, compileTemplate, propertiesOf, resourcesOf } from "./compile.ts";
import type { Template } from "./compile.ts";

const routeKeys = { Sconnect: "$connect", Sdefault: "$default", Sdisconnect: "$disconnect" };

let fifo: Template;
let direct: Template;

beforeAll(async () => {
  [fifo, direct] = await Promise.all([
    compileTemplate({ stage: "dev", ordering: "fifo" }),
    compileTemplate({ stage: "dev", ordering: "direct" }),
  ]);
}, COMPILE_TIMEOUT_MS);

describe("both APIs", () => {
  it("take clients that have IPv6 alone", () => {
    for (const template of [fifo, direct]) {
      for (const name of ["WebsocketsApi", "HttpApi"]) {
        expect(propertiesOf(template, name).IpAddressType).toBe("dualstack");
      }
    }
  });
});

describe("the WebSocket API", () => {
  it.each(Object.entries(routeKeys))("has the route %s", (name, routeKey) => {
    for (const template of [fifo, direct]) {
      expect(propertiesOf(template, `${name}WebsocketsRoute`).RouteKey).toBe(routeKey);
    }
  });

  it.each(Object.keys(routeKeys))("writes %s to the mailbox in fifo ordering", (name) => {
    const { Target } = propertiesOf(fifo, `${name}WebsocketsRoute`);

    expect(Target).toEqual({ "Fn::Join": ["/", ["integrations", { Ref: "InIntegration" }]] });
    expect(propertiesOf(fifo, "InIntegration")).toMatchObject({
      IntegrationType: "AWS",
      IntegrationMethod: "POST",
      PassthroughBehavior: "NEVER",
      CredentialsArn: { "Fn::GetAtt": ["InRole", "Arn"] },
      IntegrationUri: {
        "Fn::Sub":
          "arn:${AWS::Partition}:apigateway:${AWS::Region}:sqs:path/${AWS::AccountId}/${Mailbox.QueueName}",
      },
      RequestParameters: {
        "integration.request.header.Content-Type": "'application/x-www-form-urlencoded'",
      },
    });
  });

  it.each(Object.keys(routeKeys))("invokes the inbox function for %s in direct ordering", (name) => {
    const { Target } = propertiesOf(direct, `${name}WebsocketsRoute`);

    expect(Target).toEqual({ "Fn::Join": ["/", ["integrations", { Ref: "InboxWebsocketsIntegration" }]] });
    const integration = propertiesOf(direct, "InboxWebsocketsIntegration");
    expect(integration.IntegrationType).toBe("AWS_PROXY");
    expect(JSON.stringify(integration.IntegrationUri)).toContain('["InboxLambdaFunction","Arn"]');
  });

  it("asks the connect function on $connect, and on no other route", () => {
    for (const template of [fifo, direct]) {
      expect(propertiesOf(template, "SconnectWebsocketsRoute")).toMatchObject({
        AuthorizationType: "CUSTOM",
        AuthorizerId: { Ref: "ConnectWebsocketsAuthorizer" },
      });
      expect(propertiesOf(template, "SdefaultWebsocketsRoute").AuthorizationType).toBe("NONE");
      expect(propertiesOf(template, "SdisconnectWebsocketsRoute").AuthorizationType).toBe("NONE");
      const authorizer = propertiesOf(template, "ConnectWebsocketsAuthorizer");
      expect(authorizer.AuthorizerType).toBe("REQUEST");
      expect(authorizer.IdentitySource).toEqual(["route.request.querystring.EIO"]);
      expect(JSON.stringify(authorizer.AuthorizerUri)).toContain('["ConnectLambdaFunction","Arn"]');
    }
  });

  it("answers nothing into the stream of a client", () => {
    const routesWithResponses = (template: Template) =>
      resourcesOf(template, "AWS::ApiGatewayV2::RouteResponse").map(
        (response) => response.Properties.RouteId,
      );

    expect(routesWithResponses(fifo)).toEqual([{ Ref: "SconnectWebsocketsRoute" }]);
    expect(routesWithResponses(direct)).toEqual([]);
    for (const template of [fifo, direct]) {
      for (const route of resourcesOf(template, "AWS::ApiGatewayV2::Route")) {
        expect(route.Properties).not.toHaveProperty("RouteResponseSelectionExpression");
      }
    }
  });

  it("opens a connection when the queue has taken its letter", () => {
    expect(propertiesOf(fifo, "InIntegrationResponse")).toMatchObject({
      IntegrationId: { Ref: "InIntegration" },
      IntegrationResponseKey: "/200/",
    });
  });

  it("deploys every change of the API, throttled explicitly", () => {
    for (const template of [fifo, direct]) {
      const stage = propertiesOf(template, "WebsocketsDeploymentStage");
      expect(stage.AutoDeploy).toBe(true);
      expect(stage).not.toHaveProperty("DeploymentId");
      expect(stage.DefaultRouteSettings.ThrottlingRateLimit).toBeGreaterThan(0);
      expect(stage.DefaultRouteSettings.ThrottlingBurstLimit).toBeGreaterThan(0);
    }
  });
});

describe("the mailbox", () => {
  it("is a FIFO queue of high throughput that compares no contents", () => {
    expect(propertiesOf(fifo, "Mailbox")).toMatchObject({
      FifoQueue: true,
      DeduplicationScope: "messageGroup",
      FifoThroughputLimit: "perMessageGroupId",
      ContentBasedDeduplication: false,
      SqsManagedSseEnabled: true,
    });
    expect(propertiesOf(fifo, "Mailbox")).not.toHaveProperty("KmsMasterKeyId");
  });

  it("hands a message over again when the instance that had it is certainly gone, as often as its retention allows", () => {
    const queue = propertiesOf(fifo, "Mailbox");
    const { Timeout } = propertiesOf(fifo, "InboxLambdaFunction");

    expect(queue.VisibilityTimeout).toBe(Timeout);
    expect(queue.VisibilityTimeout * queue.RedrivePolicy.maxReceiveCount).toBeLessThan(
      queue.MessageRetentionPeriod,
    );
    expect(queue.RedrivePolicy.deadLetterTargetArn).toEqual({ "Fn::GetAtt": ["DeadLetters", "Arn"] });
    expect(propertiesOf(fifo, "DeadLetters").FifoQueue).toBe(true);
  });

  it("feeds the inbox function, which fails messages one by one", () => {
    const [mapping, ...others] = resourcesOf(fifo, "AWS::Lambda::EventSourceMapping");

    expect(others).toEqual([]);
    expect(mapping!.Properties).toMatchObject({
      BatchSize: 10,
      EventSourceArn: { "Fn::GetAtt": ["Mailbox", "Arn"] },
      FunctionName: { "Fn::GetAtt": ["InboxLambdaFunction", "Arn"] },
      FunctionResponseTypes: ["ReportBatchItemFailures"],
    });
  });

  it("does not exist in direct ordering", () => {
    expect(resourcesOf(direct, "AWS::SQS::Queue")).toEqual([]);
    expect(resourcesOf(direct, "AWS::Lambda::EventSourceMapping")).toEqual([]);
  });
});
