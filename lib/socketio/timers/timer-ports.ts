import type { Runtime } from "../../engine/runtime.ts";
import type { FailureReport } from "../replay/handler-failure.ts";

/** What timers need of their server. */
export interface TimerPorts extends FailureReport {
  /** Throws `core.no_runtime` until the server has been given one. */
  readonly runtime: Runtime;
}
