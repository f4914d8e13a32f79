import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startOfficial, type RunningServer } from "../support/official-server.ts";
import { installApps } from "./install.ts";
import { play } from "./play.ts";
import { scenarios } from "./scenarios/index.ts";
import { heartbeat } from "./settings.ts";
import { writeFileSync } from "node:fs";
describe("x", () => {
  let official: RunningServer;
  const all: Record<string, unknown> = {};
  beforeAll(async () => {
    official = await startOfficial((io) => installApps(io, scenarios), heartbeat);
  });
  afterAll(async () => {
    await official.stop();
    writeFileSync("/tmp/official-transcripts.json", JSON.stringify(all, null, 1));
  });
  it.each(scenarios)(
    "$title",
    async (scenario) => {
      const e = await play(scenario, official.url);
      all[scenario.title] = e;
      expect(await play(scenario, official.url)).toEqual(e);
    },
    25_000,
  );
});
