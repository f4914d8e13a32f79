import { describe, expect, it } from "vitest";
import { startBothServers } from "./both-servers.ts";
import { byDefault, pollingOnly } from "./arrivals.ts";
import { installApps } from "./install.ts";
import { play } from "./play.ts";
import { scenarios } from "./scenarios/index.ts";
import { pollable } from "./scenarios/pollable.ts";
import { heartbeat } from "./settings.ts";

describe.each([byDefault, pollingOnly])(
  "a stock client with $title sees the same from both servers",
  ({ options }) => {
    const servers = startBothServers((io) => installApps(io, scenarios), heartbeat);

    it.concurrent.each(pollable)("$title", async (scenario) => {
      const expected = await play(scenario, servers.official, options);

      const actual = await play(scenario, servers.ours, options);

      expect(Object.values(expected).flat()).not.toHaveLength(0);
      expect(actual).toEqual(expected);
    });
  },
);
