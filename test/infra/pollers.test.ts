import { createRequire } from "node:module";
import { describe, expect, it } from "vitest";
import { COMPILE_TIMEOUT_MS, compileTemplate, resourcesOf } from "./compile.ts";

const toResources = createRequire(import.meta.url)("../../infra/pollers.cjs") as (framework: {
  readonly resolveVariable: (name: string) => Promise<unknown>;
}) => Promise<object>;

/** What comes of the parameters, as the framework asks for it. */
const resourcesFor = (mailboxPollers: unknown, ordering = "fifo") => {
  const values: Readonly<Record<string, unknown>> = {
    "self:custom.mailboxPollers": mailboxPollers,
    "self:custom.orderingName": ordering,
  };
  return toResources({ resolveVariable: async (name) => values[name] });
};

describe("pollers of the mailbox", () => {
  it("are left to Lambda by default", async () => {
    expect(await resourcesFor("")).toEqual({});
  });

  it.each(["1", "201", "many", "-2", "2.5"])("are not %s", async (count) => {
    await expect(resourcesFor(count)).rejects.toThrow(
      `expected the parameter mailboxPollers to be a whole number from 2 to 200, got ${count}`,
    );
  });

  it("are refused where there is no mailbox", async () => {
    await expect(resourcesFor("2", "direct")).rejects.toThrow(
      "expected mailboxPollers in fifo ordering alone, got it in direct, which has no mailbox",
    );
  });

  it(
    "are kept ready by the mapping, which then has no other limit",
    async () => {
      const params = { mailboxPollers: "3", concurrency: "1000" };
      const template = await compileTemplate({ stage: "dev", ordering: "fifo", params });
      const [mapping] = resourcesOf(template, "AWS::Lambda::EventSourceMapping");

      expect(mapping?.Properties).toMatchObject({ ProvisionedPollerConfig: { MinimumPollers: 3 } });
      expect(mapping?.Properties).not.toHaveProperty("ScalingConfig");
    },
    COMPILE_TIMEOUT_MS,
  );
});
