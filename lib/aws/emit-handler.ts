import type { SQSBatchResponse, SQSRecord } from "aws-lambda";
import { described } from "../described.ts";
import type { Runtime } from "../engine/runtime.ts";
import { addTally, emptyTally, Turn, type Tally } from "../engine/turn.ts";
import { AwsError } from "./errors.ts";

/** What is emitted, and to whom: to everybody in the namespace without `rooms`. */
export interface EmitRequest {
  /** Default `/`. */
  readonly nsp?: string;
  readonly rooms?: string | readonly string[];
  readonly except?: string | readonly string[];
  readonly event: string;
  readonly args?: readonly unknown[];
}

/** Somebody who can emit in a namespace: a `Server`. */
export interface Emitter {
  of(nsp: string): {
    to(rooms: string | readonly string[]): Broadcast;
    except(rooms: string | readonly string[]): Broadcast;
  };
}

interface Broadcast {
  except(rooms: string | readonly string[]): Broadcast;
  emit(event: string, ...args: unknown[]): true;
}

/**
 * Turns events into emits: `{ nsp, rooms, except, event, args }` as the detail of an EventBridge event, the body of an
 * SQS message, the message of an SNS notification, or the payload of an invocation. Resolves when everything was sent.
 * A message of a queue that cannot be emitted is reported as failed, and goes to that queue's dead letters; of
 * anything else the invocation fails.
 */
export function createEmitHandler(runtime: Runtime, emitter: Emitter) {
  const emit = (value: unknown) => emitOne(runtime, emitter, readRequest(detailOf(value)));
  return async (event: unknown): Promise<SQSBatchResponse | Readonly<Tally>> => {
    const { Records: records } = Object(event) as { Records?: unknown };
    if (Array.isArray(records) && isFromQueue(records)) return emitMessages(runtime, records, emit);
    const values = Array.isArray(records)
      ? records.map(({ Sns }: { Sns?: { Message?: string } }) => parse(Sns?.Message ?? ""))
      : [event];
    const tally = emptyTally();
    for (const value of values) addTally(tally, await emit(value));
    return tally;
  };
}

/**
 * One after the other. In a FIFO queue a message that fails holds up those of its group behind it: they come again
 * after it, or its order would be lost.
 */
async function emitMessages(
  runtime: Runtime,
  records: readonly SQSRecord[],
  emit: (value: unknown) => Promise<unknown>,
): Promise<SQSBatchResponse> {
  const batchItemFailures: { itemIdentifier: string }[] = [];
  const heldUp = new Set<string>();
  for (const { messageId, body, attributes } of records) {
    const group = attributes.MessageGroupId;
    try {
      if (group === undefined || !heldUp.has(group)) {
        await emit(parse(body));
        continue;
      }
    } catch (error) {
      runtime.logger.error("a message could not be emitted", { messageId, error });
      if (group !== undefined) heldUp.add(group);
    }
    batchItemFailures.push({ itemIdentifier: messageId });
  }
  return { batchItemFailures };
}

async function emitOne(runtime: Runtime, emitter: Emitter, request: EmitRequest): Promise<Readonly<Tally>> {
  const { nsp = "/", rooms = [], except = [], event, args = [] } = request;
  const turn = new Turn("emit", runtime.strays);
  turn.describe("emit", JSON.stringify(event));
  turn.run("live", () =>
    emitter
      .of(nsp)
      .to(rooms)
      .except(except)
      .emit(event, ...args),
  );
  await turn.settle();
  turn.end();
  await runtime.strays.settle();
  if (turn.failure) throw turn.failure.error;
  return turn.tally;
}

/** Throws `aws.bad_emit`. */
function readRequest(value: unknown): EmitRequest {
  const { nsp, rooms, except, event, args } = Object(value) as Record<string, unknown>;
  const isName = (name: unknown) => name === undefined || typeof name === "string";
  const fields = [
    { name: "event", value: event, isFit: typeof event === "string", wanted: "a string" },
    { name: "nsp", value: nsp, isFit: isName(nsp), wanted: "a string" },
    { name: "rooms", value: rooms, isFit: isRooms(rooms), wanted: "a string or a list of strings" },
    { name: "except", value: except, isFit: isRooms(except), wanted: "a string or a list of strings" },
    { name: "args", value: args, isFit: args === undefined || Array.isArray(args), wanted: "a list" },
  ];
  const wrong = fields.find(({ isFit }) => !isFit);
  if (wrong === undefined) return value as EmitRequest;
  throw new AwsError(
    "aws.bad_emit",
    `expected "${wrong.name}" to be ${wrong.wanted}, got ${describe(wrong.value)}; ` +
      "{ nsp?, rooms?, except?, event, args? } is emitted",
    { evidence: { field: wrong.name } },
  );
}

/** Of EventBridge, also by way of a queue. */
const detailOf = (value: unknown): unknown => (Object(value) as { detail?: unknown }).detail ?? value;

const isRooms = (value: unknown): boolean =>
  value === undefined ||
  typeof value === "string" ||
  (Array.isArray(value) && value.every((room) => typeof room === "string"));

const isFromQueue = (records: readonly unknown[]): records is readonly SQSRecord[] =>
  records.every((record) => typeof (record as Partial<SQSRecord>).body === "string");

/** Text may be what clients are to read, which is for no log. */
const describe = (value: unknown): string => (typeof value === "string" ? "a string" : described(value));

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new AwsError("aws.bad_emit", `expected a message in JSON, got ${text.length} other characters`);
  }
}
