import type { Context, ScheduledEvent } from "aws-lambda";
import type { DeploymentRecord } from "../state/deployment.ts";
import type { EngineApp } from "../engine/engine.ts";
import { sweep, toSweepPauseMs } from "../engine/heartbeat/heartbeat.ts";
import type { Runtime } from "../engine/runtime.ts";

const SCHEDULE_MS = 60_000;
/** Ends before the next invocation of the schedule is due at the latest, and before the function's own time is up. */
const LOOP_MS = 58_000;
const RESERVE_MS = 5_000;

/** A day is how long the table keeps it. */
const SAVE_DEPLOYMENT_EVERY_MS = 60 * 60_000;

/**
 * Invoked every minute. Intervals under a minute are kept by walking again and again until the next invocation. A walk
 * that fails is made again: a minute without pings would cost every client its connection. Rejects when the last one
 * has failed.
 */
export function createHeartbeatHandler(
  runtime: Runtime,
  app: EngineApp,
  deployment: Omit<DeploymentRecord, "savedAtMs"> = {},
) {
  let savedAtMs = -Infinity;
  /** For emitters, which know the table alone. */
  const saveDeployment = async () => {
    const nowMs = runtime.clock.nowMs();
    if (nowMs - savedAtMs < SAVE_DEPLOYMENT_EVERY_MS) return;
    await runtime.store.saveDeployment({ ...deployment, savedAtMs: nowMs });
    savedAtMs = nowMs;
  };
  return async (
    _event: ScheduledEvent,
    context: Pick<Context, "getRemainingTimeInMillis">,
  ): Promise<void> => {
    let failure: { readonly error: unknown } | undefined;
    const beat = async () => {
      try {
        await sweep(runtime, app.options);
        await saveDeployment();
        failure = undefined;
      } catch (error) {
        if (failure === undefined)
          runtime.logger.error("a sweep failed; the next one makes up for it", { error });
        failure = { error };
      }
    };
    try {
      await app.onMinute?.();
    } catch (error) {
      runtime.logger.error("timers could not be begun; the next minute tries again", { error });
    }
    const untilMs = runtime.clock.nowMs() + LOOP_MS;
    const pauseMs = toSweepPauseMs(app.options);
    await beat();
    while (
      app.options.pingIntervalMs < SCHEDULE_MS &&
      runtime.clock.nowMs() + pauseMs < untilMs &&
      context.getRemainingTimeInMillis() > RESERVE_MS
    ) {
      await runtime.clock.sleep(pauseMs);
      await beat();
    }
    await runtime.strays.settle();
    if (failure !== undefined) throw failure.error;
  };
}
