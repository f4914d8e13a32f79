import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { LocalRuntime } from "../../infra/local/local.ts";
import { startOfficial, type RunningServer } from "../support/official-server.ts";
import { startOurs } from "../support/our-server.ts";
import { installApps } from "./install.ts";
import { play } from "./play.ts";
import { scenarios } from "./scenarios/index.ts";
import { heartbeat } from "./settings.ts";

describe("a stock client sees the same from the official server and from ours", () => {
  let official: RunningServer;
  let ours: LocalRuntime;

  beforeAll(async () => {
    [official, ours] = await Promise.all([
      startOfficial((io) => installApps(io, scenarios), heartbeat),
      startOurs(import.meta.url, "./app.ts"),
    ]);
  }, 60_000);

  afterAll(async () => {
    await Promise.all([official.stop(), ours.stop()]);
  });

  it.each(scenarios)(
    "$title",
    async (scenario) => {
      const expected = await play(scenario, official.url);

      const actual = await play(scenario, ours.url);

      expect(Object.values(expected).flat()).not.toHaveLength(0);
      expect(actual).toEqual(expected);
    },
    25_000,
  );
});
