import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { TestServer } from "nonsticky/testing";
import { startOfficial, type RunningServer } from "../support/official-server.ts";
import { byDefault, pollingOnly } from "./arrivals.ts";
import { installApps } from "./install.ts";
import { play } from "./play.ts";
import { scenarios } from "./scenarios/index.ts";
import { pollable } from "./scenarios/pollable.ts";
import { serveOurs } from "./served.ts";
import { heartbeat } from "./settings.ts";

describe.each([byDefault, pollingOnly])(
  "a stock client with $title sees the same from both servers",
  ({ options }) => {
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

    it.concurrent.each(pollable)("$title", async (scenario) => {
      const expected = await play(scenario, official.url, options);

      const actual = await play(scenario, ours.url, options);

      expect(Object.values(expected).flat()).not.toHaveLength(0);
      expect(actual).toEqual(expected);
    });
  },
);
