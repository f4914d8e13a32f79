import type { Runtime } from "./runtime.ts";

/**
 * Resolves when everything that was emitted, joined or left outside of any turn is done, as it is from the routes of an HTTP
 * server. Nobody else would say that it could not be.
 */
export async function settleDetached({ detached, logger }: Runtime): Promise<void> {
  await detached.runEndings();
  await detached.settleEffects();
  const failure = detached.takeFailure();
  if (failure)
    logger.error("what was emitted outside of any packet could not be sent", { error: failure.error });
}
