import { parseArgs } from "node:util";
import type { Environment } from "../../lib/env.ts";
import { withValuesJoined } from "../dashed-values.ts";
import { OperatorsError } from "./operators-error.ts";

/** Which sessions are meant: those that fit all of it. */
export interface Filter {
  /** Of a session, or of a socket in `namespace`. */
  readonly id?: string | undefined;
  readonly namespace?: string | undefined;
  /** Of `namespace`, or of `/`. */
  readonly room?: string | undefined;
  readonly transport?: "websocket" | "polling" | undefined;
  readonly olderThanMs?: number | undefined;
  readonly youngerThanMs?: number | undefined;
}

export interface SessionsOptions {
  readonly table: string;
  readonly filter: Filter;
  /** Infinity: all. */
  readonly limit: number;
  readonly isShown: boolean;
  readonly isJson: boolean;
  readonly ends: boolean;
  readonly isConfirmed: boolean;
  /** What the SDK is to read of its environment. */
  readonly environment: Readonly<Record<string, string>>;
}

const flags = {
  table: { type: "string" },
  id: { type: "string" },
  namespace: { type: "string" },
  room: { type: "string" },
  transport: { type: "string" },
  "older-than": { type: "string" },
  "younger-than": { type: "string" },
  limit: { type: "string" },
  show: { type: "boolean" },
  json: { type: "boolean" },
  end: { type: "boolean" },
  yes: { type: "boolean" },
  region: { type: "string" },
  profile: { type: "string" },
  "endpoint-url": { type: "string" },
} as const;

export const usage = `nonsticky sessions --table NAME [options]
  --table NAME         the stack's table: output TableName (default NONSTICKY_TABLE)
  --id ID              one: the id of a session, or of a socket of --namespace
  --namespace NSP      with a socket in it
  --room ROOM          with a socket in that room of --namespace (default /)
  --transport T        on websocket, or polling
  --older-than AGE     opened longer ago: 90s, 10m, 1h
  --younger-than AGE   opened since
  --limit N            so many at most, or all (default 100)
  --show               with rooms and data
  --json               as lines of JSON
  --end                ends those that are listed, after asking; their handlers of disconnect run
  --yes                does not ask
  --region, --profile, --endpoint-url   as for the AWS CLI`;

/** Reads the command line. Throws an `OperatorsError` that names the option, what it takes and what came. */
export function parseSessionsOptions(args: readonly string[], env: Environment): SessionsOptions {
  const given = readFlags(args);
  const table = given.table ?? env["NONSTICKY_TABLE"] ?? "";
  if (table === "") throw new OperatorsError(`expected --table, got none\n\n${usage}`);
  const { id, namespace, room, yes = false, end = false } = given;
  if (yes && !end) throw new OperatorsError("expected --yes beside --end, got it alone");
  const environment = {
    ...(given.region === undefined ? {} : { AWS_REGION: given.region }),
    ...(given.profile === undefined ? {} : { AWS_PROFILE: given.profile }),
    ...(given["endpoint-url"] === undefined ? {} : { AWS_ENDPOINT_URL: readUrl(given["endpoint-url"]) }),
  };
  return {
    table,
    filter: {
      id,
      namespace: namespace === undefined || namespace.startsWith("/") ? namespace : `/${namespace}`,
      room,
      transport: readTransport(given.transport),
      olderThanMs: readAge("older-than", given["older-than"]),
      youngerThanMs: readAge("younger-than", given["younger-than"]),
    },
    limit: readLimit(given.limit ?? "100"),
    isShown: given.show ?? false,
    isJson: given.json ?? false,
    ends: end,
    isConfirmed: yes,
    environment,
  };
}

function readFlags(args: readonly string[]) {
  try {
    const joined = withValuesJoined(args, flags);
    return parseArgs({ args: joined, options: flags, strict: true, allowPositionals: false }).values;
  } catch (error) {
    const [first] = (error as Error).message.split("\n");
    throw new OperatorsError(`expected the options below, got: ${first}\n\n${usage}`);
  }
}

function readTransport(text: string | undefined): Filter["transport"] {
  if (text === undefined || text === "websocket" || text === "polling") return text;
  throw new OperatorsError(`expected --transport to be websocket or polling, got ${text}`);
}

const UNITS: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000 };

function readAge(name: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const [, number, unit = ""] = /^(\d+)([smh])$/.exec(text) ?? [];
  if (number !== undefined) return Number(number) * (UNITS[unit] ?? 0);
  throw new OperatorsError(`expected --${name} to be a time like 90s, 10m or 1h, got ${text}`);
}

function readLimit(text: string): number {
  if (text === "all") return Infinity;
  if (/^[1-9]\d*$/.test(text)) return Number(text);
  throw new OperatorsError(`expected --limit to be a whole number from 1, or all, got ${text}`);
}

function readUrl(text: string): string {
  if (URL.canParse(text) && /^https?:$/.test(new URL(text).protocol)) return text;
  throw new OperatorsError(`expected --endpoint-url to be a URL of http: or https:, got ${text}`);
}
