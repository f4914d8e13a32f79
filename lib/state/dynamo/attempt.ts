import { randomBytes } from "node:crypto";

/**
 * A name for one call, the same in each of the requests that the SDK makes of it: what lets a request whose answer
 * was lost be recognised when it comes again. Eight characters, for some rows keep the names of many calls.
 */
export const createAttempt = (): string => randomBytes(6).toString("base64url");
