import { sweep } from "../core/heartbeat.ts";
import type { Instance } from "./instances.ts";

/** Sweeps as often as the deployed heartbeat does for an app of these intervals. Returns what ends it. */
export function startHeartbeat({ app, runtime }: Instance): () => void {
  const { pingIntervalMs, pingTimeoutMs, connectTimeoutMs } = app.options;
  const shortestMs = Math.min(pingIntervalMs, pingTimeoutMs, connectTimeoutMs ?? Infinity);
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
  const timer = setInterval(() => void sweepOnce(), Math.min(1_000, Math.max(20, shortestMs / 8))).unref();
  return () => clearInterval(timer);
}
