import { createRequire } from "node:module";
import { beforeAll, describe, expect, it } from "vitest";
import { COMPILE_TIMEOUT_MS, compileTemplate, propertiesOf } from "./compile.ts";
import type { Template } from "./compile.ts";

const toSeconds = createRequire(import.meta.url)("../../infra/dead-letters.cjs") as (framework: {
  readonly resolveVariable: () => Promise<unknown>;
}) => Promise<number>;

let dev: Template;
let prod: Template;

beforeAll(async () => {
  [dev, prod] = await Promise.all([
    compileTemplate({ stage: "dev", ordering: "fifo" }),
    compileTemplate({ stage: "prod", ordering: "fifo" }),
  ]);
}, COMPILE_TIMEOUT_MS);

describe("dead letters, which hold what clients sent,", () => {
  it("are kept for a week, and in prod for the two that SQS allows", () => {
    expect(propertiesOf(dev, "DeadLetters").MessageRetentionPeriod).toBe(7 * 24 * 60 * 60);
    expect(propertiesOf(prod, "DeadLetters").MessageRetentionPeriod).toBe(14 * 24 * 60 * 60);
  });

  it("are kept for as many days as the parameter says", async () => {
    expect(await toSeconds({ resolveVariable: async () => "1" })).toBe(24 * 60 * 60);
    expect(await toSeconds({ resolveVariable: async () => 14 })).toBe(14 * 24 * 60 * 60);
  });

  it.each(["0", "15", "1.5", "", "a week"])("are not kept for %j days", async (days) => {
    await expect(toSeconds({ resolveVariable: async () => days })).rejects.toThrow(
      `expected the parameter deadLetterRetentionDays to be from 1 to 14, got ${days}`,
    );
  });
});
