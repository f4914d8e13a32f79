import { expect, it } from "vitest";
import { adaptTemplate } from "../../scripts/stand-in-template.ts";

/** A template in which a function refers to an API, a table and a queue; the stand-in knows no APIs. */
const templateOf = (value: unknown) => ({
  Resources: {
    Api: { Type: "AWS::ApiGatewayV2::Api" },
    Table: { Type: "AWS::DynamoDB::Table" },
    Mailbox: { Type: "AWS::SQS::Queue", Properties: { FifoQueue: true } },
    Plain: { Type: "AWS::SQS::Queue", Properties: {} },
    Fn: { Type: "AWS::Lambda::Function", DependsOn: ["Api"], Properties: { value } },
  },
  Outputs: { Url: { Value: { "Fn::Sub": "https://${Api}.${AWS::Region}" } } },
});

it.each([
  [{ Ref: "Api" }, "Api"],
  [{ Ref: "Table" }, { Ref: "Table" }],
  [{ "Fn::GetAtt": ["Api", "Endpoint"] }, "Api.Endpoint"],
  [{ "Fn::GetAtt": ["Mailbox", "Arn"] }, { "Fn::GetAtt": ["Mailbox", "Arn"] }],
  [{ "Fn::Sub": "https://${Api}.example" }, "https://Api.example"],
  [{ "Fn::Sub": "${Api.Endpoint}/${Table}" }, { "Fn::Sub": "Api.Endpoint/${Table}" }],
  [{ deep: [{ Ref: "Api" }, 1, null] }, { deep: ["Api", 1, null] }],
])("puts words where %j named what is taken out", (value, expected) => {
  const template = templateOf(value);

  adaptTemplate(template, new Set(["AWS::ApiGatewayV2::Api"]));

  expect(template.Resources.Fn.Properties.value).toEqual(expected);
});

it("takes types out, with the dependencies on them, and names queues that would get a name without their ending", () => {
  const template = templateOf(1);

  adaptTemplate(template, new Set(["AWS::ApiGatewayV2::Api"]));

  expect(template).toEqual({
    Resources: {
      Table: { Type: "AWS::DynamoDB::Table" },
      Mailbox: { Type: "AWS::SQS::Queue", Properties: { FifoQueue: true, QueueName: "Mailbox.fifo" } },
      Plain: { Type: "AWS::SQS::Queue", Properties: {} },
      Fn: { Type: "AWS::Lambda::Function", Properties: { value: 1 } },
    },
    Outputs: { Url: { Value: { "Fn::Sub": "https://Api.${AWS::Region}" } } },
  });
});
