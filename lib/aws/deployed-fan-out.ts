import type { FanOut } from "../engine/fan-out.ts";
import type { DeploymentStore } from "../state/deployment.ts";

/**
 * The fan-out of a deployment that is known by its table alone: which function it is, the heartbeat function has written
 * there. Looked up when the first part is to be sent; an emitter sends it itself where the table does not say.
 */
export function createDeployedFanOut(store: DeploymentStore, open: (functionName: string) => FanOut): FanOut {
  let found: Promise<FanOut | undefined> | undefined;
  return {
    async send(part) {
      found ??= store
        .getDeployment()
        .then((deployment) =>
          deployment?.fanOutFunction === undefined ? undefined : open(deployment.fanOutFunction),
        );
      const finding = found;
      const fanOut = await finding.catch((error: unknown) => {
        if (found === finding) found = undefined;
        throw error;
      });
      return fanOut?.send(part);
    },
  };
}
