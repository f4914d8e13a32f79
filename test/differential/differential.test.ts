import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { TestServer } from "nonsticky/testing";
import { startOfficial, type RunningServer } from "../support/official-server.ts";
import { installApps } from "./install.ts";
import { play } from "./play.ts";
import { scenarios } from "./scenarios/index.ts";
import { serveOurs } from "./served.ts";
import { heartbeat } from "./settings.ts";

describe("a stock client sees the same from the official server and from ours", () => {
  let official: RunningServer;
  let ours: TestServer;

  beforeAll(async () => {
    [official, ours] = await Promise.all([
      startOfficial((io) => installApps(io, scenarios), heartbeat),
      serveOurs(),
    ]);
  });

  afterAll(async () => {
    await Promise.all([official?.stop(), ours?.close()]);
  });

  it.concurrent.each(scenarios)("$title", async (scenario) => {
    const expected = await play(scenario, official.url);

    const actual = await play(scenario, ours.url);

    expect(Object.values(expected).flat()).not.toHaveLength(0);
    expect(actual).toEqual(expected);
  });
});
