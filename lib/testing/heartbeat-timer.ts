import { sweep, toSweepPauseMs } from "../engine/heartbeat/heartbeat.ts";
import type { Instance } from "./instances.ts";

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
  const timer = setInterval(() => void sweepOnce(), toSweepPauseMs(app.options)).unref();
  return () => clearInterval(timer);
}
