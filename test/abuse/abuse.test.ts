import { expect, it } from "vitest";
import { say } from "../support/say.ts";
import { describeAbuse, findHarm, noHarm } from "./oracle.ts";
import { countKinds, playAbuse } from "./play.ts";

/** The long run is test/abuse/storm.test.ts. */
it("strangers of every kind do no harm to those beside them", async () => {
  const result = await playAbuse({
    sessions: countKinds(),
    atOnce: 6,
    seed: Number(process.env["NONSTICKY_SEED"] ?? 1),
    pings: { intervalMs: 4_000, timeoutMs: 10_000 },
    cleanupMs: 90_000,
    atMostMs: 90_000,
  });

  say(describeAbuse(result));
  expect(findHarm(result)).toEqual(noHarm);
  expect(result.bystanders.flatMap(({ sent }) => sent).length).toBeGreaterThan(20);
}, 300_000);
