import { parseArgs } from "node:util";
import { withValuesJoined } from "../dashed-values.ts";
import { awsLimits, type StageOptions } from "./stage.ts";

export interface VerifyOptions extends StageOptions {
  /** A file for the findings as JSON. */
  readonly json: string | undefined;
  /** Ids of the checks to make; empty: all. */
  readonly only: readonly string[];
}

/** A command line that makes no sense; the message says what was expected. */
export class UsageError extends Error {}

const flags = {
  url: { type: "string" },
  "poll-url": { type: "string" },
  "edge-url": { type: "string" },
  "broken-url": { type: "string" },
  path: { type: "string" },
  token: { type: "string" },
  frames: { type: "string" },
  waiters: { type: "string" },
  flood: { type: "string" },
  only: { type: "string" },
  json: { type: "string" },
  long: { type: "boolean" },
} as const;

export const usage = `nonsticky verify --url wss://ID.execute-api.REGION.amazonaws.com/STAGE [options]
  --url URL            the WebSocket API: output WebsocketUrl
  --poll-url URL       the HTTP API with its path: https://ID.execute-api.REGION.amazonaws.com/socket.io
  --edge-url URL       the edge: output EdgeUrl
  --broken-url URL     a stage like --url whose mailbox you have deleted
  --path PATH          where clients connect at the edge (default /socket.io)
  --token TOKEN        what installVerification was given (default: NONSTICKY_VERIFY_TOKEN)
  --frames N           frames sent back to back (default 1000)
  --waiters N          handlers that wait at once (default 50)
  --flood N            also what becomes of N frames at once: the stage's own clients feel them
  --only ID,ID         these checks alone
  --json FILE          the report as JSON, too
  --long               also what takes up to two hours`;

/** Reads the command line. Throws a `UsageError` that names the option, what it takes and what came. */
export function parseVerifyOptions(
  args: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): VerifyOptions {
  const given = readFlags(args);
  if (given.url === undefined) throw new UsageError(`expected --url, got none\n\n${usage}`);
  return {
    url: readUrl("url", given.url, ["ws:", "wss:"]),
    pollUrl: given["poll-url"] && readUrl("poll-url", given["poll-url"], ["http:", "https:"]),
    edgeUrl: given["edge-url"] && readUrl("edge-url", given["edge-url"], ["http:", "https:"]),
    brokenUrl: given["broken-url"] && readUrl("broken-url", given["broken-url"], ["ws:", "wss:"]),
    path: readPath(given.path ?? "/socket.io"),
    token: given.token ?? (env["NONSTICKY_VERIFY_TOKEN"] || undefined),
    frames: readCount("frames", given.frames ?? "1000", 10_000),
    waiters: readCount("waiters", given.waiters ?? "50", 500),
    flood: given.flood === undefined ? undefined : readCount("flood", given.flood, 100_000),
    long: given.long ?? false,
    only: given.only?.split(",").filter((id) => id !== "") ?? [],
    json: given.json,
    limits: awsLimits,
  };
}

function readFlags(args: readonly string[]) {
  try {
    const joined = withValuesJoined(args, flags);
    return parseArgs({ args: joined, options: flags, strict: true, allowPositionals: false }).values;
  } catch (error) {
    const [first] = (error as Error).message.split("\n");
    throw new UsageError(`expected the options below, got: ${first}\n\n${usage}`);
  }
}

/** Without slashes at the end. */
function readUrl(name: string, text: string, protocols: readonly string[]): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url !== undefined && protocols.includes(url.protocol) && url.search === "" && url.hash === "") {
    return text.replace(/\/+$/, "");
  }
  throw new UsageError(
    `expected --${name} to be a URL of ${protocols.join(" or ")} without query, got ${text}`,
  );
}

function readPath(text: string): string {
  if (/^\/[^?#\s]*$/.test(text)) return text.replace(/\/+$/, "");
  throw new UsageError(`expected --path to begin with a slash, like /socket.io, got ${text}`);
}

function readCount(name: string, text: string, most: number): number {
  const value = Number(text);
  if (/^\d+$/.test(text) && value >= 1 && value <= most) return value;
  throw new UsageError(`expected --${name} to be a whole number from 1 to ${most}, got ${text}`);
}
