import { GetAccountSettingsCommand, LambdaClient } from "@aws-sdk/client-lambda";

/** From there on something is reserved: infra/concurrency.cjs. */
const LEAST_TO_RESERVE = 200;

/**
 * Says, before a deployment, that polls of strangers may take every execution that frames need, where nothing is
 * reserved because the stage was not told what it may count on; with the account's quota, where Lambda tells it.
 *
 * @param ask resolves with the account's quota of concurrent executions; may reject
 */
export async function warnOfConcurrency(serverless, log, ask = () => askQuota(serverless)) {
  const { service } = serverless;
  const isReserved = (name) => typeof service.getFunction(name).reservedConcurrency === "number";
  if (isReserved("poll") && isReserved("inbox")) return;
  const quota = await ask().catch(() => undefined);
  const risk =
    "no executions are reserved for the inbox, and polling clients are held briefly from a few on: what they take, frames wait for";
  log.warning(`${risk}. ${toAdvice(quota)}`);
}

function toAdvice(quota) {
  if (quota === undefined) {
    return "The account's quota is unknown here: give the stage's part of it as the parameter concurrency";
  }
  if (quota >= LEAST_TO_RESERVE) {
    return `This account may run ${quota} at once: give the stage its part as the parameter concurrency`;
  }
  return `This account may run ${quota} at once, too few to reserve any: have the quota "Concurrent executions" of Lambda raised`;
}

async function askQuota(serverless) {
  const config = await serverless.getProvider("aws").getAwsSdkV3Config();
  const client = new LambdaClient({ ...config, maxAttempts: 1 });
  try {
    const { AccountLimit } = await client.send(new GetAccountSettingsCommand({}));
    return AccountLimit?.ConcurrentExecutions;
  } finally {
    client.destroy();
  }
}
