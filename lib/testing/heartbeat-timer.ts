import { sweep, toSweepPauseMs } from "../engine/heartbeat/heartbeat.ts";
import type { Instance } from "./instances.ts";

const MINUTE_MS = 60_000;

/** Sweeps as often as the deployed heartbeat does for an app of these intervals. Returns what ends it. */
export function startHeartbeat({ app, runtime }: Instance): () => void {
  let isSweeping = false;
  const sweepOnce = async () => {
    // One that takes longer than a tick is not overtaken by the next.
    if (isSweeping) return;
    isSweeping = true;
    try {
      await sweep(runtime, app.options);
    } catch (error) {
      runtime.logger.error("a sweep failed", { error });
    }
    isSweeping = false;
  };
  const tellMinute = async () => {
    try {
      await app.onMinute?.();
    } catch (error) {
      runtime.logger.error("timers could not be begun", { error });
    }
  };
  void tellMinute();
  const timers = [
    setInterval(() => void sweepOnce(), toSweepPauseMs(app.options)).unref(),
    setInterval(() => void tellMinute(), MINUTE_MS).unref(),
  ];
  return () => timers.forEach((timer) => clearInterval(timer));
}
