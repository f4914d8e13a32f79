import { EventEmitter } from "node:events";
import type { IncomingMessage, ServerResponse } from "node:http";
import { PassThrough } from "node:stream";
import { nowMs } from "../inspector/event-stream.ts";
import { readBody } from "./read-body.ts";

/** What a marked request has asked of the table, and what it has taken. */
export interface TableReport {
  /** As it was marked. */
  readonly cause: string;
  readonly action: string;
  /** `pk sk` of rows, `pk` of queries: `MAX_KEYS` at most. */
  readonly keys: readonly string[];
  readonly readUnits: number;
  readonly writeUnits: number;
  /** Epoch milliseconds of its answer, by the clock of the process that has the table. */
  readonly atMs: number;
  readonly ms: number;
  /** Name of the exception. */
  readonly error?: string;
}

export interface Reported {
  readonly cause: string;
  readonly action: string;
  readonly answer: (request: IncomingMessage, response: ServerResponse) => void;
  readonly onReport: (report: TableReport) => void;
}

type Fields = Readonly<Record<string, unknown>>;

const MAX_KEYS = 20;
const reads: ReadonlySet<string> = new Set(["GetItem", "BatchGetItem", "Query", "Scan", "TransactGetItems"]);

/** Has a request answered that also asks for the capacity it consumes, and reports it. The caller gets one field more. */
export async function reportRequest(
  request: IncomingMessage,
  response: ServerResponse,
  { cause, action, answer, onReport }: Reported,
): Promise<void> {
  const text = await readBody(request);
  if (text === undefined) return;
  const input = parse(text);
  if (input === undefined) return answer(asRequest(request, text), response);
  const asked = JSON.stringify({ ...input, ReturnConsumedCapacity: "TOTAL" });
  const startedMs = performance.now();
  const end = response.end.bind(response) as (...args: unknown[]) => ServerResponse;
  response.end = ((...args: unknown[]) => {
    const answered = parse(String(args[0])) ?? {};
    const units = unitsIn(answered["ConsumedCapacity"]);
    const type = answered["__type"];
    onReport({
      cause,
      action,
      keys: keysOf(action, input).slice(0, MAX_KEYS),
      readUnits: reads.has(action) ? units : 0,
      writeUnits: reads.has(action) ? 0 : units,
      atMs: nowMs(),
      ms: Math.round((performance.now() - startedMs) * 100) / 100,
      ...(typeof type === "string" ? { error: type.replace(/^.*#/, "") } : {}),
    });
    return end(...args);
  }) as typeof response.end;
  answer(asRequest(request, asked), response);
}

/** The rows that a request is about, as `pk sk`; of a query the values in its condition on the key. */
export function keysOf(action: string, input: Fields): string[] {
  switch (action) {
    case "BatchWriteItem":
      return Object.values((input["RequestItems"] ?? {}) as Record<string, Fields[]>)
        .flat()
        .flatMap((write) => Object.values(write) as Fields[])
        .map(keyIn);
    case "BatchGetItem":
      return Object.values((input["RequestItems"] ?? {}) as Record<string, { Keys?: Fields[] }>)
        .flatMap(({ Keys = [] }) => Keys)
        .map(toKey);
    case "TransactWriteItems":
      return ((input["TransactItems"] ?? []) as Fields[])
        .flatMap((write) => Object.values(write) as Fields[])
        .map(keyIn);
    case "Query": {
      const values = (input["ExpressionAttributeValues"] ?? {}) as Fields;
      const names = String(input["KeyConditionExpression"]).match(/:\w+/g) ?? [];
      return [names.map((name) => valueOf(values[name])).join(" ")];
    }
    default:
      return [keyIn(input)];
  }
}

const keyIn = (fields: Fields): string => toKey((fields["Key"] ?? fields["Item"] ?? {}) as Fields);
const toKey = ({ pk, sk }: Fields): string => `${valueOf(pk)} ${valueOf(sk)}`;

function valueOf(attribute: unknown): string {
  const { S, N } = (attribute ?? {}) as { readonly S?: string; readonly N?: string };
  return S ?? N ?? "";
}

function unitsIn(consumed: unknown): number {
  return [consumed ?? []].flat().reduce<number>((sum, one) => {
    const { CapacityUnits = 0 } = one as { readonly CapacityUnits?: number };
    return sum + CapacityUnits;
  }, 0);
}

/** The same request with another body, which is given when somebody reads it. */
function asRequest({ method, url, headers }: IncomingMessage, body: string): IncomingMessage {
  const bytes = Buffer.from(body);
  const sent = { method, url, headers: { ...headers, "content-length": String(bytes.byteLength) } };
  const isTransaction = String(headers["x-amz-target"]).endsWith(".TransactWriteItems");
  // A stream takes as long as the request itself; who reads transactions wants one, dynalite does not.
  const reader = isTransaction ? new PassThrough() : new EventEmitter();
  if (reader instanceof PassThrough) reader.end(bytes);
  else {
    reader.on("newListener", (name) => {
      if (name !== "end") return;
      queueMicrotask(() => {
        reader.emit("data", bytes);
        reader.emit("end");
      });
    });
  }
  return Object.assign(reader, sent) as unknown as IncomingMessage;
}

function parse(text: string): Fields | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return value !== null && typeof value === "object" ? (value as Fields) : undefined;
  } catch {
    return undefined;
  }
}
