import type { Check } from "../check.ts";
import { judge, notChecked, percentile } from "../outcome.ts";

const TIMERS = 20;
const FIRST_MS = 1_000;
/** No divisor of a second: the queue delays by whole ones, and what is left over is the app's to wait for. */
const STEP_MS = 130;
/** One of so many may be late: a function that starts for it takes longer than a second. */
const ONE_LATE_OF = 20;

interface Armed {
  readonly refused?: string;
  /** By this clock alone: it is due a delay after some moment between the question and the answer. */
  readonly firstDueMs: number;
  readonly lastDueMs: number;
}

const delays: Check = {
  id: "timers",
  title: "timers of one second to four, whole seconds and parts of them",
  assumption: "each rings, none before it is due, and 19 of 20 within a second of it",
  usedIn: ["docs/timers.md", "docs/decisions/0027-timers-by-delayed-messages.md", "lib/aws/sqs-alarms.ts"],
  needs: ["app"],
  async run(stage) {
    const peer = await stage.join();
    const armed = await Promise.all(
      Array.from({ length: TIMERS }, async (_, number): Promise<Armed> => {
        const inMs = FIRST_MS + number * STEP_MS;
        const askedAtMs = performance.now();
        const { value, atMs } = await peer.askFor(undefined, "arm", number, inMs);
        return { ...(value as object), firstDueMs: askedAtMs + inMs, lastDueMs: atMs + inMs };
      }),
    );
    const refused = armed.find((one) => one.refused !== undefined)?.refused;
    if (refused !== undefined)
      return notChecked(`the stage has no timers, ${refused}: deploy it with timers=true`);
    const rung = new Map<number, number>();
    while (rung.size < TIMERS) {
      if ((await peer.event("rang").catch(() => undefined)) === undefined) break;
      // The first time counts: at least once is what is promised.
      for (const { args, frame } of peer.seen("rang"))
        if (!rung.has(Number(args[0]))) rung.set(Number(args[0]), frame.atMs);
    }
    const found = [...rung].map(([number, atMs]) => ({ atMs, ...(armed[number] as Armed) }));
    const early = found.filter(({ atMs, firstDueMs }) => atMs < firstDueMs).length;
    const late = found.filter(({ atMs, lastDueMs }) => atMs > lastDueMs + stage.limits.timerMs).length;
    // With the way of the frame that asked.
    const lateMs = found.map(({ atMs, firstDueMs }) => atMs - firstDueMs);
    const [p50, worst] = [percentile(lateMs, 0.5), percentile(lateMs, 1)];
    return judge(
      found.length === TIMERS && early === 0 && late <= TIMERS / ONE_LATE_OF,
      `${found.length} of ${TIMERS} rang, ${early} too early, ${late} too late; p50 ${p50} ms late, the last ${worst} ms`,
      { early, "timer p50 ms": p50, "timer last ms": worst },
    );
  },
};

export const timerChecks: readonly Check[] = [delays];
