import { beforeAll, describe, expect, it } from "vitest";
import { COMPILE_TIMEOUT_MS, compileTemplate, propertiesOf, resourcesOf } from "./compile.ts";
import type { Template } from "./compile.ts";

/** The framework's deployment of the WebSocket API: its name is a hash of what the framework knows of it. */
const deploymentOf = (template: Template): string =>
  Object.entries(template.Resources).find(([, { Type }]) => Type === "AWS::ApiGatewayV2::Deployment")![0];

let before: Template;
let after: Template;

beforeAll(async () => {
  const options = { stage: "dev", ordering: "fifo" };
  [before, after] = await Promise.all([
    compileTemplate(options),
    compileTemplate({
      ...options,
      edits: {
        "infra/routes.yml": ["PassthroughBehavior: NEVER", "PassthroughBehavior: WHEN_NO_MATCH"],
        "infra/mailbox.yml": ["MessageRetentionPeriod: 600", "MessageRetentionPeriod: 660"],
        "serverless.yml": ["resources:\n", "resources:\n  - Outputs: { Added: { Value: here } }\n"],
      },
    }),
  ]);
}, COMPILE_TIMEOUT_MS);

describe("a change of nothing but infra/ and `resources`", () => {
  it("is in what is deployed", () => {
    expect(propertiesOf(before, "InIntegration").PassthroughBehavior).toBe("NEVER");
    expect(propertiesOf(after, "InIntegration").PassthroughBehavior).toBe("WHEN_NO_MATCH");
    expect(propertiesOf(after, "Mailbox").MessageRetentionPeriod).toBe(660);
    expect(after.Outputs.Added).toEqual({ Value: "here" });
  });

  it("is served, though the framework's own deployment of the API does not see it", () => {
    expect(deploymentOf(after)).toBe(deploymentOf(before));

    for (const { Properties } of resourcesOf(after, "AWS::ApiGatewayV2::Stage")) {
      expect(Properties.AutoDeploy).toBe(true);
      expect(Properties).not.toHaveProperty("DeploymentId");
    }
  });

  it("waits for the routes: a stage that is there before them has nothing to deploy", () => {
    expect(before.Resources.WebsocketsDeploymentStage!.DependsOn).toEqual(
      expect.arrayContaining([
        "SconnectWebsocketsRoute",
        "SdefaultWebsocketsRoute",
        "SdisconnectWebsocketsRoute",
      ]),
    );
  });
});

it("leaves nothing of the framework's own that is shared: no role, no log group, no function", () => {
  for (const [name, { Type, Properties }] of Object.entries(before.Resources)) {
    expect(name).not.toMatch(/^IamRole|^CustomDash|CustomResource/);
    if (Type !== "AWS::Logs::LogGroup") continue;
    expect(Properties.RetentionInDays).toBe(7);
  }
  expect(resourcesOf(before, "AWS::Lambda::Function").map(({ Properties }) => Properties.Runtime)).toEqual(
    Array(5).fill("nodejs24.x"),
  );
});
