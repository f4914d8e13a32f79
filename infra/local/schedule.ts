/**
 * Runs an action at once and then every `everySeconds`, whether or not the last run has ended: runs of a schedule may
 * overlap. Returns what stops it.
 */
export function startSchedule(everySeconds: number, run: () => void): () => void {
  run();
  const timer = setInterval(run, everySeconds * 1000);
  return () => clearInterval(timer);
}
