import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import path from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { COMPILE_TIMEOUT_MS, compileTemplate, propertiesOf, resourcesOf } from "./compile.ts";
import { readDeployTable } from "./deploy-doc.ts";
import type { Template } from "./compile.ts";

/** infra/edge/domain.cjs, as the framework calls it. */
const resolveDomain = createRequire(import.meta.url)("../../infra/edge/domain.cjs") as (framework: {
  resolveVariable(name: string): Promise<string | undefined>;
}) => Promise<unknown>;

const orderings = ["fifo", "direct"] as const;

/** AWS's own, by the ids they have in every account. */
const cachingDisabled = "4135ea2d-6df8-44a3-9df3-4b5a84be39ad";
const allViewerExceptHostHeader = "b689b0a8-53d0-40ab-baf2-68738e2966ac";

let on: Readonly<Record<string, Template>>;
let off: Readonly<Record<string, Template>>;

const compileAll = async (params: Record<string, string>): Promise<Record<string, Template>> =>
  Object.fromEntries(
    await Promise.all(
      orderings.map(async (ordering) => [
        ordering,
        await compileTemplate({ stage: "dev", ordering, params }),
      ]),
    ),
  );

beforeAll(async () => {
  on = await compileAll({ edge: "true" });
  // What a stage has that says nothing.
  off = await compileAll({});
}, COMPILE_TIMEOUT_MS);

const variablesOf = (template: Template): Record<string, unknown>[] =>
  resourcesOf(template, "AWS::Lambda::Function").map(({ Properties }) => Properties.Environment.Variables);

describe.each(orderings)("the edge, in %s ordering,", (ordering) => {
  const configOf = () => propertiesOf(on[ordering]!, "Edge").DistributionConfig;

  it("has one host for both APIs: polling by default, the stage of the WebSocket API besides", () => {
    const { Origins, DefaultCacheBehavior, CacheBehaviors } = configOf();

    expect(DefaultCacheBehavior.TargetOriginId).toBe("polling");
    expect(CacheBehaviors).toBeUndefined();
    expect(Origins).toMatchObject([
      {
        Id: "polling",
        DomainName: { "Fn::Sub": "${HttpApi}.execute-api.${AWS::Region}.${AWS::URLSuffix}" },
      },
      {
        Id: "websocket",
        DomainName: { "Fn::Sub": "${WebsocketsApi}.execute-api.${AWS::Region}.${AWS::URLSuffix}" },
        OriginPath: "/dev",
      },
    ]);
    expect(Origins[0]).not.toHaveProperty("OriginPath");
    expect(propertiesOf(on[ordering]!, "WebsocketsDeploymentStage").StageName).toBe("dev");
  });

  it("asks the function of infra/edge, which names an origin that there is", async () => {
    const code = await readFile(
      path.resolve(import.meta.dirname, "../../infra/edge/choose-origin.js"),
      "utf8",
    );
    const properties = propertiesOf(on[ordering]!, "ChooseOrigin");

    expect(properties.FunctionCode).toBe(code);
    expect(properties.FunctionConfig.Runtime).toBe("cloudfront-js-2.0");
    expect(properties.AutoPublish).toBe(true);
    expect(configOf().DefaultCacheBehavior.FunctionAssociations).toEqual([
      { EventType: "viewer-request", FunctionARN: { "Fn::GetAtt": ["ChooseOrigin", "FunctionARN"] } },
    ]);
    const named = [...code.matchAll(/selectRequestOriginById\("(\w+)"\)/g)].map(([, id]) => id);
    expect(named).toEqual(["websocket"]);
    expect(configOf().Origins.map(({ Id }: { Id: string }) => Id)).toEqual(expect.arrayContaining(named));
  });

  it("passes all on but the host, keeps nothing, and takes HTTPS only", () => {
    expect(configOf().DefaultCacheBehavior).toMatchObject({
      CachePolicyId: cachingDisabled,
      OriginRequestPolicyId: allViewerExceptHostHeader,
      ViewerProtocolPolicy: "https-only",
      AllowedMethods: expect.arrayContaining(["GET", "POST", "OPTIONS"]),
    });
    expect(configOf()).toMatchObject({ Enabled: true, HttpVersion: "http1.1" });
    for (const { CustomOriginConfig } of configOf().Origins) {
      expect(CustomOriginConfig).toMatchObject({
        OriginProtocolPolicy: "https-only",
        OriginSSLProtocols: ["TLSv1.2"],
      });
    }
  });

  it("waits longer than the HTTP API does, and asks once: a second GET would end the session", () => {
    const { TimeoutInMillis } = propertiesOf(on[ordering]!, "HttpApiIntegrationPoll");

    for (const origin of configOf().Origins) {
      expect(origin.CustomOriginConfig.OriginReadTimeout * 1000).toBeGreaterThan(TimeoutInMillis);
      expect(origin.CustomOriginConfig.OriginReadTimeout).toBeLessThanOrEqual(60);
      expect(origin.ConnectionAttempts).toBe(1);
    }
  });

  it("lets every function offer an upgrade, and look one proxy back for the client's address", () => {
    const all = variablesOf(on[ordering]!);

    expect(all).toHaveLength(5);
    for (const variables of all) {
      expect(variables).toMatchObject({ NONSTICKY_UPGRADES: "websocket", NONSTICKY_TRUSTED_HOPS: "1" });
    }
  });

  it("never becomes the address of @connections, whose signature it would break", () => {
    for (const { NONSTICKY_CALLBACK_URL: url } of variablesOf(on[ordering]!)) {
      expect(JSON.stringify(url)).toContain("${WebsocketsApi}.execute-api.");
    }
  });

  it("tells its URL", () => {
    expect(on[ordering]!.Outputs.EdgeUrl).toMatchObject({
      Value: { "Fn::Sub": "https://${Edge.DomainName}" },
    });
  });
});

describe.each(orderings)("without the edge, in %s ordering,", (ordering) => {
  it("nothing is of CloudFront, and all else is the same", () => {
    const added = Object.keys(on[ordering]!.Resources).filter((name) => !(name in off[ordering]!.Resources));

    expect(added.filter((name) => !name.startsWith("WebsocketsDeployment"))).toEqual([
      "Edge",
      "ChooseOrigin",
    ]);
    expect(Object.keys(on[ordering]!.Outputs).filter((name) => !(name in off[ordering]!.Outputs))).toEqual([
      "EdgeUrl",
      "EdgeClient",
      "EdgeDomain",
    ]);
    expect(JSON.stringify(off[ordering])).not.toContain("AWS::CloudFront");
  });

  it("no upgrade is offered on a host that has no WebSocket, and no proxy is believed", () => {
    const all = variablesOf(off[ordering]!);

    expect(all).toHaveLength(5);
    for (const variables of all) {
      expect(variables).toMatchObject({ NONSTICKY_UPGRADES: "none", NONSTICKY_TRUSTED_HOPS: "0" });
    }
  });
});

it("has every output that docs/deploy.md lists", async () => {
  const documented = [...(await readDeployTable("To an account")).keys()];

  expect(documented.length).toBeGreaterThan(5);
  for (const name of documented) expect(on.fifo!.Outputs).toHaveProperty(name);
});

describe("a domain of the stage's own", () => {
  const certificate = "arn:aws:acm:us-east-1:123456789012:certificate/11111111-2222-3333-4444-555555555555";

  it(
    "is a name of the distribution, with its certificate, and what clients are told",
    async () => {
      const template = await compileTemplate({
        stage: "dev",
        ordering: "fifo",
        params: { edge: "true", domain: "chat.example.com", certificate },
      });

      expect(propertiesOf(template, "Edge").DistributionConfig).toMatchObject({
        Aliases: ["chat.example.com"],
        ViewerCertificate: {
          AcmCertificateArn: certificate,
          SslSupportMethod: "sni-only",
          MinimumProtocolVersion: "TLSv1.2_2025",
        },
      });
      expect(template.Outputs).toMatchObject({
        EdgeUrl: { Value: "https://chat.example.com" },
        EdgeClient: { Value: 'io("https://chat.example.com", { path: "/socket.io" })' },
        EdgeDomain: { Value: { "Fn::GetAtt": ["Edge", "DomainName"] } },
      });
    },
    COMPILE_TIMEOUT_MS,
  );

  it.each([
    [
      "without an edge",
      { edge: "false", domain: "chat.example.com", certificate },
      "together with edge=true",
    ],
    ["without a certificate", { domain: "chat.example.com" }, "domain and certificate together"],
    ["that is missing beside its certificate", { certificate }, "domain and certificate together"],
    [
      "with a certificate of another region",
      { domain: "chat.example.com", certificate: certificate.replace("us-east-1", "eu-west-1") },
      "ARN of ACM in us-east-1",
    ],
  ])("is refused %s", async (_, given: Readonly<Record<string, string>>, message) => {
    const values: Readonly<Record<string, string>> = {
      "param:edge": given.edge ?? "true",
      "param:path": "/socket.io",
      "self:custom.domainName": given.domain ?? "",
      "self:custom.certificate": given.certificate ?? "",
    };

    await expect(resolveDomain({ resolveVariable: async (name) => values[name] })).rejects.toThrow(message);
  });
});
