/**
 * A frozen instance cannot notice that the runtime was killed, so this process does: when its channel breaks, it ends
 * the instances it was told about.
 */
const pids = new Set<number>();

process.on("SIGINT", () => {});
process.on("message", ({ watch, forget }: { watch?: number; forget?: number }) => {
  if (watch !== undefined) pids.add(watch);
  if (forget !== undefined) pids.delete(forget);
});
process.on("disconnect", () => {
  for (const pid of pids) {
    try {
      process.kill(pid, "SIGKILL");
    } catch {
      // It had ended already.
    }
  }
  process.exit(0);
});
