import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { LocalRuntime } from "../../infra/local/local.ts";
import { startOfficial, type RunningServer } from "../support/official-server.ts";
import { startOurs } from "../support/our-server.ts";
import { installApps } from "./install.ts";
import { play } from "./play.ts";
import { scenarios } from "./scenarios/index.ts";
import { pollable } from "./scenarios/pollable.ts";
import { heartbeat } from "./settings.ts";

/** How a stock client comes when it is told nothing, and when it is told to stay with polling. */
const arrivals = [
  { title: "default options", options: { transports: ["polling", "websocket"] } },
  { title: "polling only", options: { transports: ["polling", "websocket"], upgrade: false } },
];

describe.each(arrivals)("a stock client with $title sees the same from both servers", ({ options }) => {
  let official: RunningServer;
  let ours: LocalRuntime;

  beforeAll(async () => {
    [official, ours] = await Promise.all([
      startOfficial((io) => installApps(io, scenarios), heartbeat),
      startOurs(import.meta.url, "./app.ts"),
    ]);
  }, 60_000);

  afterAll(async () => {
    await Promise.all([official?.stop(), ours?.stop()]);
  });

  it.each(pollable)(
    "$title",
    async (scenario) => {
      const expected = await play(scenario, official.url, options);

      const actual = await play(scenario, ours.url, options);

      expect(Object.values(expected).flat()).not.toHaveLength(0);
      expect(actual).toEqual(expected);
    },
    30_000,
  );
});
