import type { LogContext } from "../../log.ts";
import type { Metrics } from "../../metrics.ts";
import type { EngineApp } from "../engine.ts";
import type { Job } from "./job.ts";

/** What every line that a job logs tells of it. */
export const toLogContext = (app: EngineApp, job: Job): LogContext => ({
  sid: job.delivery.letter.sid,
  fields: () => {
    const { task, turn, session } = job;
    const connectionId = session?.connectionId ?? ("connectionId" in task ? task.connectionId : undefined);
    return {
      turn: turn.label,
      ...(connectionId === undefined ? {} : { connectionId }),
      ...(session && app.logFields?.(session, turn)),
    };
  },
});

/**
 * What a turn took, and what became of its emits. Signs of life and answers, which run nothing of the app's, are left
 * out: an invocation that brings nothing else counts nothing, so keeping a connection costs no log line.
 */
export function countTurn(metrics: Metrics, { task, turn, session }: Job, durationMs: number): void {
  if (task.kind === "frame" && session === undefined) return;
  metrics.add("TurnDuration", durationMs, turn.kind);
  for (const outcome of ["delivered", "gone", "dropped", "unknown"] as const) {
    if (turn.tally[outcome] > 0) metrics.add("Deliveries", turn.tally[outcome], outcome);
  }
}
