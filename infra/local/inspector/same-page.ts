import type { IncomingMessage } from "node:http";
import { isLoopback } from "../strangers.ts";

/**
 * Whether a request is the inspector's own page's, or a program's of this machine: it came to a name that means this
 * machine, and to nobody else's, not through a proxy or a tunnel, and from no page of another origin.
 *
 * @param isPage the page itself, to which a link may lead from anywhere
 */
export function isFromInspector({ headers, socket }: IncomingMessage, isPage: boolean): boolean {
  const { host, origin } = headers;
  if (!isLoopback(host) || !isLoopback(socket.remoteAddress)) return false;
  if (headers["x-forwarded-for"] !== undefined || headers["forwarded"] !== undefined) return false;
  if (origin !== undefined && origin !== `http://${host}`) return false;
  const site = headers["sec-fetch-site"];
  if (site === undefined || site === "same-origin" || site === "none") return true;
  return isPage && headers["sec-fetch-mode"] === "navigate";
}
