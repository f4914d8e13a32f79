import { appendFileSync, mkdirSync } from "node:fs";
import type { IncomingMessage } from "node:http";
import path from "node:path";

const noted = new Set<string>();

/** Names a function in the requests that its instances sign: as session token, which Lambda's credentials have, too. */
export const toCallerToken = (functionName: string): string => `local/${functionName}`;

/**
 * With `NONSTICKY_CALLS=<directory>`: notes there which function has made which call of AWS, each once per process. What
 * the policies allow is compared with it: `npm run check:privileges`.
 *
 * @param action as IAM calls it, `dynamodb:Query`
 */
export function noteCall({ headers }: Pick<IncomingMessage, "headers">, action: string): void {
  const directory = process.env["NONSTICKY_CALLS"];
  if (directory === undefined || directory === "") return;
  const token = headers["x-amz-security-token"];
  if (typeof token !== "string" || !token.startsWith("local/")) return;
  const line = `${token.slice("local/".length)} ${action}`;
  const place = path.join(directory, `${process.pid}.txt`);
  if (noted.has(`${place} ${line}`)) return;
  noted.add(`${place} ${line}`);
  mkdirSync(directory, { recursive: true });
  appendFileSync(place, `${line}\n`);
}
