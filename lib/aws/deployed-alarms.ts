import { createMissingAlarms, type AlarmClock } from "../engine/alarms/alarm.ts";
import type { DeploymentStore } from "../state/deployment.ts";

/**
 * The alarms of a deployment that is known by its table alone, as for `createDeployedMailbox`. Looked up when the first
 * is set.
 */
export function createDeployedAlarms(
  store: DeploymentStore,
  open: (queueUrl: string) => AlarmClock,
): AlarmClock {
  let found: Promise<AlarmClock> | undefined;
  return {
    set: async (alarm, time) => {
      const finding = (found ??= store.getDeployment().then((deployment) => {
        if (deployment?.alarmsUrl !== undefined) return open(deployment.alarmsUrl);
        return createMissingAlarms(
          deployment?.inboxFunction === undefined ? "core.timers_off" : "core.timers_unordered",
        );
      }));
      try {
        await (await finding).set(alarm, time);
      } catch (error) {
        // The next one looks again: the stack may have been deployed meanwhile.
        if (found === finding) found = undefined;
        throw error;
      }
    },
  };
}
