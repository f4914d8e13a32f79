import type { StandInRequest } from "./stand-in-aws.ts";

/** How each type is asked for by its physical id. Any answer but a 200 means that there is none. */
export const lookups: Readonly<Record<string, (id: string) => StandInRequest>> = {
  "AWS::CloudWatch::Dashboard": (id) => ({
    service: "monitoring",
    form: { Action: "GetDashboard", Version: "2010-08-01", DashboardName: id },
  }),
  "AWS::DynamoDB::Table": (id) => ({
    service: "dynamodb",
    target: "DynamoDB_20120810.DescribeTable",
    body: { TableName: id },
  }),
  "AWS::Events::Rule": (id) => ({
    service: "events",
    target: "AWSEvents.DescribeRule",
    body: { Name: id },
  }),
  "AWS::IAM::Role": (id) => ({
    service: "iam",
    form: { Action: "GetRole", Version: "2010-05-08", RoleName: id },
  }),
  "AWS::Lambda::EventSourceMapping": (id) => ({
    service: "lambda",
    path: `/2015-03-31/event-source-mappings/${id}`,
  }),
  "AWS::Lambda::Function": (id) => ({ service: "lambda", path: `/2015-03-31/functions/${id}` }),
  "AWS::Logs::LogGroup": (id) => ({
    service: "logs",
    target: "Logs_20140328.ListTagsLogGroup",
    body: { logGroupName: id },
  }),
  "AWS::SQS::Queue": (id) => ({
    service: "sqs",
    form: { Action: "GetQueueAttributes", Version: "2012-11-05", QueueUrl: id, "AttributeName.1": "All" },
  }),
};
