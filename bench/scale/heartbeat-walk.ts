import { resolveEngineOptions } from "../../lib/engine/engine-options.ts";
import { sweep } from "../../lib/engine/heartbeat/heartbeat.ts";
import { toConnectionId } from "../../lib/ids.ts";
import { createMemoryStore } from "../../lib/state/memory-store.ts";
import type { BeatRecord } from "../../lib/state/records.ts";
import type { Store } from "../../lib/state/store.ts";
import { assumed } from "./assumed.ts";
import { Bucket, Platform, type Usage } from "./platform.ts";
import { createSeeded, drawMs, seededSid } from "./seeded.ts";
import { VirtualTime } from "./virtual-time.ts";

export interface WalkRun {
  readonly pings: number;
  readonly refused: number;
  readonly ms: number;
}

const INTERVAL_MS = 480_000;
const MINUTE_MS = 60_000;
/** As a page of 1 MB has them. */
const BEATS_A_PAGE = 5_000;
/** CPU of a signed post, measured, and what else a ping takes, on the share that a function of 512 MB has. */
const CPU_MS_OF_PING = 0.1 / 0.29;

/**
 * One run of the real heartbeat over the minute in which an eighth of all connections is due. Beats are made when they are
 * listed, as many as there would be.
 */
export async function playHeartbeat(seed: number, connections: number): Promise<WalkRun> {
  const random = createSeeded(seed);
  const time = new VirtualTime();
  const usage: Usage = { posts: 0, refused: 0, invocations: 0, gbSeconds: 0, readUnits: 0, writeUnits: 0 };
  const memory = createMemoryStore({ clock: time });
  const store: Store = {
    ...memory,
    async *listBeats(_, fromPhaseMs, toPhaseMs) {
      let left = Math.round((connections * (toPhaseMs - fromPhaseMs)) / INTERVAL_MS);
      for (; left > 0; left -= BEATS_A_PAGE) {
        await time.sleep(drawMs(random, assumed.tableMs) + assumed.pageMs);
        yield Array.from({ length: Math.min(left, BEATS_A_PAGE) }, () => beatOf(fromPhaseMs, toPhaseMs));
      }
    },
  };
  const beatOf = (fromPhaseMs: number, toPhaseMs: number): BeatRecord => {
    const phaseMs = Math.floor(fromPhaseMs + random() * (toPhaseMs - fromPhaseMs));
    // Between a quarter of an hour and an hour and a half ago.
    const intervals = Math.floor(time.nowMs() / INTERVAL_MS) - 2 - Math.floor(random() * 9);
    const sid = seededSid(random, intervals * INTERVAL_MS + phaseMs);
    const route = { kind: "connection", connectionId: toConnectionId(sid) } as const;
    return { sid, pingIntervalMs: INTERVAL_MS, route, lastPongAtMs: time.nowMs() };
  };
  const platform = new Platform({
    time,
    random,
    store,
    usage,
    bucket: new Bucket(time),
    cpuMsOfPost: CPU_MS_OF_PING,
    onDelivered: () => undefined,
  });
  const options = resolveEngineOptions({ pingInterval: INTERVAL_MS, pingTimeout: 120_000 }, {});
  const nowMs = time.nowMs();
  await memory.saveSweep(
    {
      pingIntervalMs: INTERVAL_MS,
      pingTimeoutMs: 120_000,
      pingedUntilMs: nowMs - MINUTE_MS,
      reapedUntilMs: nowMs - 120_000 - MINUTE_MS,
      noReapBeforeMs: 0,
      configuredAtMs: nowMs,
    },
    undefined,
  );
  await time.run(() => sweep(platform.createRuntime(), options));
  return { pings: usage.posts, refused: usage.refused, ms: time.nowMs() - nowMs };
}
