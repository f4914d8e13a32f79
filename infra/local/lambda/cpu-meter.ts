import { cpus } from "node:os";

const WINDOW_MS = 100;
const SATURATED_BELOW_IDLE = 0.2;

let sampledAtMs = 0;
let last = { idle: 0, total: 0 };
let saturated = false;

/** Whether the machine's cores were nearly all at work lately: then another process would only slow the others. */
export function isCpuSaturated(): boolean {
  const nowMs = performance.now();
  if (nowMs - sampledAtMs < WINDOW_MS) return saturated;
  const now = { idle: 0, total: 0 };
  for (const { times } of cpus()) {
    now.idle += times.idle;
    now.total += times.user + times.nice + times.sys + times.idle + times.irq;
  }
  if (now.total > last.total) {
    saturated = (now.idle - last.idle) / (now.total - last.total) < SATURATED_BELOW_IDLE;
  }
  sampledAtMs = nowMs;
  last = now;
  return saturated;
}
