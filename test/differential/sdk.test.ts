import { afterAll, beforeAll, expect, it } from "vitest";
import type { LocalRuntime } from "../../infra/local/local.ts";
import { startOfficial, type RunningServer } from "../support/official-server.ts";
import { startOurs } from "../support/our-server.ts";
import { byDefault } from "./arrivals.ts";
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
    startOurs(import.meta.url, "./app.ts", { env: { NONSTICKY_AWS_CLIENT: "sdk" } }),
  ]);
});

afterAll(async () => {
  await Promise.all([official?.stop(), ours?.stop()]);
});

/** The way back from requests that are signed by hand: whoever takes it in an outage must find it as good. */
it.concurrent.each(representative)(
  "a stock client sees the same over the SDK's clients: $title",
  async (scenario) => {
    const expected = await play(scenario, official.url, byDefault.options);

    const actual = await play(scenario, ours.url, byDefault.options);

    expect(Object.values(expected).flat()).not.toHaveLength(0);
    expect(actual).toEqual(expected);
  },
);
