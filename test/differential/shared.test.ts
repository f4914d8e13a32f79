import { describe, expect, it } from "vitest";
import { startBothServers } from "./both-servers.ts";
import { installApps } from "./install.ts";
import { play } from "./play.ts";
import { shared as scenarios } from "./scenarios/shared.ts";
import { heartbeat } from "./settings.ts";

/** socket.io has no such maps: its side has those of `peer-map.ts`. */
describe("a stock client sees the same from io.shared and from a map in the official server's process", () => {
  const servers = startBothServers((io) => installApps(io, scenarios), heartbeat);

  it.concurrent.each(scenarios)("$title", async (scenario) => {
    const expected = await play(scenario, servers.official);

    const actual = await play(scenario, servers.ours);

    expect(Object.values(expected).flat()).not.toHaveLength(0);
    expect(actual).toEqual(expected);
  });
});
