import type { Context, ScheduledEvent } from "aws-lambda";
import type { EngineApp } from "../core/engine.ts";
import { sweep } from "../core/heartbeat.ts";
import type { Runtime } from "../core/runtime.ts";

const SCHEDULE_MS = 60_000;
/** Ends before the next invocation of the schedule is due at the latest, and before the function's own time is up. */
const LOOP_MS = 58_000;
const RESERVE_MS = 5_000;

/** Invoked every minute. Intervals under a minute are kept by walking again and again until the next invocation. */
export const createHeartbeatHandler =
  (runtime: Runtime, app: EngineApp) =>
  async (_event: ScheduledEvent, context: Pick<Context, "getRemainingTimeInMillis">): Promise<void> => {
    const { pingIntervalMs, pingTimeoutMs, connectTimeoutMs } = app.options;
    const shortestMs = Math.min(pingIntervalMs, pingTimeoutMs, connectTimeoutMs ?? Infinity);
    const untilMs = runtime.clock.nowMs() + LOOP_MS;
    const tickMs = Math.min(1_000, Math.max(20, shortestMs / 8));
    await sweep(runtime, app.options);
    while (
      pingIntervalMs < SCHEDULE_MS &&
      runtime.clock.nowMs() + tickMs < untilMs &&
      context.getRemainingTimeInMillis() > RESERVE_MS
    ) {
      await runtime.clock.sleep(tickMs);
      await sweep(runtime, app.options);
    }
    await runtime.strays.settle();
  };
