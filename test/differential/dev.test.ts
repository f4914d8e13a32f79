import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { LocalRuntime } from "../../infra/local/local.ts";
import { startOfficial, type RunningServer } from "../support/official-server.ts";
import { startOurs } from "../support/our-server.ts";
import { byDefault, overWebSocket } from "./arrivals.ts";
import { installApps } from "./install.ts";
import { play } from "./play.ts";
import { representative } from "./scenarios/representative.ts";
import { scenarios } from "./scenarios/index.ts";
import { heartbeat } from "./settings.ts";

let official: RunningServer;
let ours: LocalRuntime;

beforeAll(async () => {
  [official, ours] = await Promise.all([
    startOfficial((io) => installApps(io, scenarios), heartbeat),
    startOurs(import.meta.url, "./app.ts"),
  ]);
});

afterAll(async () => {
  await Promise.all([official?.stop(), ours?.stop()]);
});

/** The same through the deployed functions, a queue and a table: what a serving process could hide. */
describe.each([overWebSocket, byDefault])(
  "a stock client with $title sees the same from `npm run dev`",
  ({ options }) => {
    it.concurrent.each(representative)("$title", async (scenario) => {
      const expected = await play(scenario, official.url, options);

      const actual = await play(scenario, ours.url, options);

      expect(Object.values(expected).flat()).not.toHaveLength(0);
      expect(actual).toEqual(expected);
    });
  },
);
