import type { Environment } from "../env.ts";
import { ConfigError } from "../errors.ts";

/** Proxies of ours between the client and API Gateway: 1 behind the edge, 0 without. */
export function readTrustedHops(env: Environment): number {
  const value = env["NONSTICKY_TRUSTED_HOPS"] ?? "0";
  const hops = Number(value);
  if (Number.isInteger(hops) && hops >= 0) return hops;
  throw new ConfigError(
    "config.bad_environment",
    `expected NONSTICKY_TRUSTED_HOPS to be a whole number of proxies, got ${JSON.stringify(value)}`,
  );
}

/**
 * The client's address: as many steps left of the nearest peer in `X-Forwarded-For` as there are proxies of ours.
 * Everything further left was written by the client and may be anything. API Gateway appends its own peer in one kind
 * of API and not in the other, so the peer is taken off the list and put back.
 */
export function clientAddress(
  forwardedFor: string | undefined,
  sourceIp: string,
  trustedHops: number,
): string {
  const listed = (forwardedFor ?? "")
    .split(",")
    .map((address) => address.trim())
    .filter((address) => address !== "");
  if (listed.at(-1) === sourceIp) listed.pop();
  return [...listed, sourceIp].at(-1 - trustedHops) ?? sourceIp;
}
