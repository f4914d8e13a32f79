import type { Aws, AwsRequest } from "./aws.ts";

/** Everything that a stack of ours consists of, asked for service by service: name by name, what is there. */
export async function listLeftovers(aws: Aws): Promise<readonly string[]> {
  const found = await Promise.all(
    kinds.map(async ([kind, request, pattern]) => {
      const { status, text } = await aws(request);
      if (status !== 200) throw new Error(`expected a list of ${kind}, got ${status} ${text.slice(0, 300)}`);
      return [...text.matchAll(pattern)].map(([, name]) => `${kind} ${name}`);
    }),
  );
  return found.flat();
}

const kinds: readonly (readonly [kind: string, request: AwsRequest, name: RegExp])[] = [
  ["function", { service: "lambda", path: "/2015-03-31/functions" }, /"FunctionName":\s*"([^"]+)"/g],
  ["mapping", { service: "lambda", path: "/2015-03-31/event-source-mappings" }, /"UUID":\s*"([^"]+)"/g],
  ["API", { service: "apigateway", path: "/v2/apis" }, /"apiId":\s*"([^"]+)"/g],
  [
    "distribution",
    { service: "cloudfront", path: "/2020-05-31/distribution" },
    /<DomainName>(\w+\.cloudfront[^<]+)</g,
  ],
  ["edge function", { service: "cloudfront", path: "/2020-05-31/function" }, /<FunctionARN>([^<]+)</g],
  ["bucket", { service: "s3", path: "/" }, /<Bucket><Name>([^<]+)</g],
  ["table", { service: "dynamodb", target: "DynamoDB_20120810.ListTables" }, /"([^"]+)"(?=[\],])/g],
  ["rule", { service: "events", target: "AWSEvents.ListRules" }, /"Name":\s*"([^"]+)"/g],
  [
    "log group",
    { service: "logs", target: "Logs_20140328.DescribeLogGroups" },
    /"logGroupName":\s*"([^"]+)"/g,
  ],
  ["queue", query("sqs", "ListQueues", "2012-11-05"), /<QueueUrl>([^<]+)</g],
  ["alarm", query("monitoring", "DescribeAlarms", "2010-08-01"), /<AlarmName>([^<]+)</g],
  ["dashboard", query("monitoring", "ListDashboards", "2010-08-01"), /<DashboardName>([^<]+)</g],
  ["role", query("iam", "ListRoles", "2010-05-08"), /<RoleName>([^<]+)</g],
  ["policy", query("iam", "ListPolicies", "2010-05-08", { Scope: "Local" }), /<PolicyName>([^<]+)</g],
];

function query(
  service: string,
  action: string,
  version: string,
  more: Record<string, string> = {},
): AwsRequest {
  return { service, form: { Action: action, Version: version, ...more } };
}
