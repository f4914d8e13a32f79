import type { IncomingHttpHeaders } from "node:http";
import { isIP } from "node:net";

/**
 * Whether a request was meant for this machine, by the name it was sent to. A page elsewhere may let its own name
 * resolve to 127.0.0.1, and would then be of the same origin as the app; its name stays in `Host`. An address cannot be
 * turned so, and phones of the same network come by one.
 *
 * @param allowed further names, of a tunnel, say
 */
export function isForThisMachine(
  { host }: Pick<IncomingHttpHeaders, "host">,
  allowed: readonly string[] = [],
): boolean {
  const name = toName(host);
  if (name === undefined) return false;
  return isIP(name) !== 0 || name === "localhost" || name.endsWith(".localhost") || allowed.includes(name);
}

/**
 * Whether a browser sends it: to the ports that stand for AWS services none has to. What is not a read carries `Origin`,
 * whatever the page; reads of today's browsers carry `Sec-Fetch-Site`.
 */
export const isOfBrowser = (headers: IncomingHttpHeaders): boolean =>
  headers.origin !== undefined || headers["sec-fetch-site"] !== undefined;

/** Whether a `Host`, or the address of a peer, is this machine's to itself, and to nobody else of the network. */
export function isLoopback(host: string | undefined): boolean {
  const name = toName(host?.replace(/^::ffff:/, "")) ?? host;
  if (name === undefined) return false;
  return (
    name === "localhost" || name.endsWith(".localhost") || name === "::1" || /^127\.\d+\.\d+\.\d+$/.test(name)
  );
}

/** The name without its port, in lower case; of IPv6 without the brackets. */
function toName(host: string | undefined): string | undefined {
  const [, bracketed, plain] = /^(?:\[([^\]]*)\]|([^:]+))(?::\d+)?$/.exec(host ?? "") ?? [];
  return (bracketed ?? plain)?.toLowerCase().replace(/\.$/, "");
}
