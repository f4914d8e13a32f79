import { assumptions } from "./assumptions.ts";
import type { Operations } from "./operations.ts";
import type { Usage } from "./prices.ts";
import { createSteps } from "./steps.ts";
import { sumUsage, times, toGb } from "./usage.ts";
import type { Workload } from "./workload.ts";

/** Why something is used, in the order of a bill. */
export const causes = [
  "at rest",
  "monitoring",
  "being connected",
  "pings",
  "connects",
  "cold starts",
  "client messages",
  "fan-out posts",
  "acks",
  "recovery log",
  "timers",
  "room events",
  "shared maps",
  "live values",
  "routes",
] as const;

export type Cause = (typeof causes)[number];
export type UsageByCause = Readonly<Record<Cause, Usage>>;

const { hoursPerMonth } = assumptions;
const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

/** What a workload uses in a month of 30 days. */
export function reckonUsage(workload: Workload, operations: Operations): UsageByCause {
  const steps = createSteps(operations, workload);
  const polling = workload.connections * workload.polling;
  const onSocket = workload.connections - polling;
  const perMonth = (perHour: number, ...usages: readonly Usage[]): Usage =>
    times(perHour * hoursPerMonth, ...usages);

  const { pings, keepAlives } = countSigns(workload);
  const sessions = 60 / workload.sessionMinutes;
  const { inPerHour, outPerHour, acked, recovery, timersPerHour, timersRung } = workload;
  const emits = (workload.connections * outPerHour) / workload.fanOut;

  const usage = {
    "at rest": reckonRest(workload),
    monitoring: workload.monitoring
      ? {
          customMetrics: assumptions.customMetrics,
          alarmMetrics: assumptions.alarmMetrics,
          dashboards: 1,
        }
      : {},
    "being connected": sumUsage(
      { storageGbMonths: toGb(workload.connections * assumptions.connectionRowBytes) },
      perMonth(onSocket, { connectionMinutes: 60 }),
      perMonth(
        polling,
        times(3_600, steps.heldSecond),
        times(HOUR_MS / assumptions.pollHeldMs, steps.heldGet),
      ),
    ),
    pings: sumUsage(
      perMonth(onSocket * pings, steps.ping, steps.pong),
      perMonth(onSocket * keepAlives, steps.keepAlive),
      perMonth(polling * pings, steps.polledPing),
    ),
    connects: sumUsage(
      perMonth(onSocket * sessions, steps.session),
      perMonth(polling * sessions, steps.polledSession),
    ),
    "client messages": sumUsage(
      perMonth(onSocket * inPerHour, steps.packet),
      perMonth(polling * inPerHour, steps.polledPacket),
    ),
    "fan-out posts": sumUsage(
      perMonth(emits, steps.emit),
      perMonth(onSocket * outPerHour, steps.post()),
      perMonth(polling * outPerHour, steps.boxed, steps.foundGet),
    ),
    acks: sumUsage(
      perMonth(onSocket * inPerHour * acked, steps.ack),
      perMonth(polling * inPerHour * acked, steps.polledAck, steps.foundGet),
    ),
    "recovery log": recovery
      ? sumUsage(
          perMonth(emits, steps.logged),
          perMonth(workload.connections * sessions, steps.loggedConnect),
          {
            storageGbMonths: toGb(
              emits * 24 * assumptions.expiredRowDays * (workload.bytes + assumptions.logRowBytes),
            ),
          },
        )
      : {},
    timers: sumUsage(
      perMonth(workload.connections * timersPerHour, steps.timer),
      perMonth(workload.connections * timersPerHour * timersRung, steps.ringing),
      perMonth(workload.connections * timersPerHour * (1 - timersRung), steps.cancelled),
    ),
    "room events": workload.roomEvents ? perMonth(workload.connections * sessions, steps.heardSession) : {},
    "shared maps": sumUsage(
      perMonth(workload.connections * workload.sharedReadsPerHour, steps.sharedRead),
      perMonth(workload.connections * workload.sharedWritesPerHour, steps.sharedWrite),
    ),
    "live values":
      workload.liveKb === 0
        ? {}
        : sumUsage(
            // Each packet alone in its batch, and the two ends of a session.
            perMonth(
              workload.connections * (inPerHour + 2 * sessions) * Math.ceil(workload.liveKb / 4),
              steps.liveRead,
            ),
            perMonth(workload.connections * workload.liveWritesPerHour, steps.liveWrite),
          ),
    routes:
      workload.routesPerHour === 0
        ? {}
        : sumUsage(
            workload.monitoring ? { alarmMetrics: assumptions.routeAlarmMetrics } : {},
            perMonth(workload.connections * workload.routesPerHour, steps.route),
          ),
  } satisfies Partial<UsageByCause>;
  return { ...usage, "cold starts": reckonColdStarts(sumUsage(...Object.values(usage))) };
}

/** What instances take to start is billed like their runs. Most are of the inbox, whose memory is taken for all. */
function reckonColdStarts({ lambdaRequests = 0 }: Usage): Usage {
  const { coldStarts, coldStartMs, inboxGb } = assumptions;
  return { lambdaGbSeconds: (lambdaRequests * coldStarts * coldStartMs * inboxGb) / 1_000 };
}

/** Pings of a connection in an hour, and noops where pings are too far apart to keep it from being idle. */
function countSigns({ pingIntervalMs, sessionMinutes }: Workload): { pings: number; keepAlives: number } {
  const sessionMs = sessionMinutes * MINUTE_MS;
  const sessionsAnHour = HOUR_MS / sessionMs;
  const isSilent = pingIntervalMs > assumptions.longestSessionMinutes * MINUTE_MS;
  const pings = isSilent ? 0 : Math.floor(sessionMs / pingIntervalMs);
  let keepAlives = 0;
  for (
    let offsetMs = assumptions.keepAliveMs;
    offsetMs < pingIntervalMs;
    offsetMs += assumptions.keepAliveMs
  ) {
    if (offsetMs <= sessionMs) keepAlives += 1 + Math.floor((sessionMs - offsetMs) / pingIntervalMs);
  }
  return { pings: pings * sessionsAnHour, keepAlives: keepAlives * sessionsAnHour };
}

/** Nobody connected. Under a minute between pings, the heartbeat runs all the time. */
function reckonRest({ ordering, pingIntervalMs, timersPerHour }: Workload): Usage {
  const runs = hoursPerMonth * 60;
  const runMs = pingIntervalMs < MINUTE_MS ? MINUTE_MS : assumptions.heartbeatRunMs;
  return {
    lambdaRequests: runs,
    lambdaGbSeconds: (runs * runMs * assumptions.heartbeatGb) / 1_000,
    readUnits: runs * assumptions.sweepReadUnits,
    writeUnits: runs * assumptions.sweepWriteUnits,
    logGb: toGb(runs * assumptions.platformLogBytes),
    ...(ordering === "fifo" ? { queueRequests: hoursPerMonth * assumptions.idleQueueRequestsPerHour } : {}),
    // The queue of alarms is there for those who set timers.
    ...(timersPerHour > 0 ? { alarmRequests: hoursPerMonth * assumptions.idleQueueRequestsPerHour } : {}),
  };
}
