import { describe, expect, it } from "vitest";
import { startBothServers } from "./both-servers.ts";
import { installApps } from "./install.ts";
import { play } from "./play.ts";
import { scenarios } from "./scenarios/index.ts";
import { heartbeat } from "./settings.ts";

describe("a stock client sees the same from the official server and from ours", () => {
  const servers = startBothServers((io) => installApps(io, scenarios), heartbeat);

  it.concurrent.each(scenarios)("$title", async (scenario) => {
    const expected = await play(scenario, servers.official);

    const actual = await play(scenario, servers.ours);

    expect(Object.values(expected).flat()).not.toHaveLength(0);
    expect(actual).toEqual(expected);
  });
});
