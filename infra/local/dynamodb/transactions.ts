import { createHash } from "node:crypto";
import type { IncomingHttpHeaders, IncomingMessage, Server, ServerResponse } from "node:http";
import { PassThrough } from "node:stream";
import { readBody } from "./read-body.ts";

type Handler = (request: IncomingMessage, response: ServerResponse) => void;
type Item = Readonly<Record<string, unknown>>;
type Fields = Readonly<Record<string, unknown>> & { readonly TableName: string };
/** One of them. */
type Write = Readonly<Partial<Record<"Put" | "Update" | "Delete", Fields>>>;

interface Transaction {
  readonly TransactItems?: readonly Write[];
  readonly ClientRequestToken?: string;
  readonly ReturnConsumedCapacity?: string;
}

type OnWrites = (request: IncomingMessage, actions: readonly string[]) => void;

interface Answer {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
}

/** What a token has been used for. */
interface Done {
  readonly digest: string;
  readonly answer: Answer;
}

const TYPES = "com.amazonaws.dynamodb.v20120810#";
const MAX_WRITES = 100;
/** How long DynamoDB knows a token, as long as a process of tests lives. */
const MAX_TOKENS = 10_000;

/**
 * What answers the requests to a dynalite table, which has no `TransactWriteItems`, with them: everything else waits while
 * one is carried out, its writes are made one by one, and taken back if a condition of one does not hold. That needs the
 * table's keys to be `pk` and `sk`. None conflicts with another.
 *
 * `onWrites` hears of the writes in each.
 */
export function withTransactions(table: Server, onWrites: OnWrites = () => undefined): Handler {
  const done = new Map<string, Done>();
  let last: Promise<unknown> = Promise.resolve();
  let open = 0;
  let onQuiet: (() => void) | undefined;

  const pass: Handler = (request, response) => {
    // Who has hung up while it waited is not answered, and would be waited for without end: it has closed already.
    if (response.destroyed) return;
    open += 1;
    response.once("close", () => {
      open -= 1;
      if (open === 0) onQuiet?.();
    });
    table.emit("request", request, response);
  };
  const quiet = async () => {
    if (open > 0) await new Promise<void>((resolve) => (onQuiet = resolve));
    onQuiet = undefined;
  };
  let waiting = 0;

  return (request, response) => {
    if (!String(request.headers["x-amz-target"]).endsWith(".TransactWriteItems")) {
      if (waiting === 0) pass(request, response);
      else void last.then(() => pass(request, response));
      return;
    }
    const body = readBody(request);
    waiting += 1;
    last = last.then(async () => {
      const text = await body;
      if (text !== undefined) {
        await quiet();
        const { status, body: answer } = await perform(table, request, text, { done, onWrites }).catch(
          (error: unknown): Answer => ({ status: 500, body: { message: String(error) } }),
        );
        response.writeHead(status, { "content-type": "application/x-amz-json-1.0" });
        response.end(JSON.stringify(answer));
      }
      waiting -= 1;
    });
  };
}

async function perform(
  table: Server,
  request: IncomingMessage,
  text: string,
  { done, onWrites }: { readonly done: Map<string, Done>; readonly onWrites: OnWrites },
): Promise<Answer> {
  const transaction = parse(text);
  if (transaction === undefined) return refuse("SerializationException", "an object in JSON");
  onWrites(request, actionsIn(transaction));
  const { ClientRequestToken: token } = transaction;
  const digest = createHash("sha256").update(text).digest("base64");
  const before = token === undefined ? undefined : done.get(token);
  if (before !== undefined) {
    return before.digest === digest
      ? before.answer
      : refuse("IdempotentParameterMismatchException", "a token with the parameters of before");
  }
  const answer = await carryOut(table, request.headers, transaction);
  if (token !== undefined && answer.status === 200 && done.size < MAX_TOKENS)
    done.set(token, { digest, answer });
  return answer;
}

async function carryOut(
  table: Server,
  headers: IncomingHttpHeaders,
  { TransactItems: writes = [], ReturnConsumedCapacity: capacity }: Transaction,
): Promise<Answer> {
  const call = (action: string, input: object) => callTable(table, headers, action, input);
  const parts = writes.map((write) => {
    const [[action, fields] = ["none", { TableName: "" }]] = Object.entries(write);
    const { pk, sk } = (fields["Key"] ?? fields["Item"] ?? {}) as Item;
    return { action: `${action}Item`, fields, place: { TableName: fields.TableName, Key: { pk, sk } } };
  });
  const places = new Set(parts.map(({ place }) => JSON.stringify(place)));
  if (writes.length === 0 || writes.length > MAX_WRITES)
    return refuse("ValidationException", `1 to ${MAX_WRITES} writes, got ${writes.length}`);
  if (places.size < parts.length)
    return refuse("ValidationException", "writes of one row each, got several of one");

  const undo: { readonly action: string; readonly input: object }[] = [];
  const reasons: { Code: string; Message?: string }[] = [];
  let units = 0;
  for (const { action, fields, place } of parts) {
    const old = await call("GetItem", { ...place, ConsistentRead: true });
    const written = await call(action, { ...fields, ReturnConsumedCapacity: "TOTAL" });
    if (written.status === 200) {
      const item = old.body["Item"];
      undo.push(
        item === undefined
          ? { action: "DeleteItem", input: place }
          : { action: "PutItem", input: { TableName: place.TableName, Item: item } },
      );
      units += (written.body["ConsumedCapacity"] as { CapacityUnits: number }).CapacityUnits;
      reasons.push({ Code: "None" });
    } else if (String(written.body["__type"]).endsWith("#ConditionalCheckFailedException")) {
      reasons.push({ Code: "ConditionalCheckFailed", Message: "The conditional request failed" });
    } else {
      for (const { action: again, input } of undo.reverse()) await call(again, input);
      return written;
    }
  }
  const codes = reasons.map(({ Code }) => Code);
  if (codes.every((code) => code === "None")) {
    const consumed = [...new Set(parts.map(({ place }) => place.TableName))].map((TableName) => ({
      TableName,
      // A write in a transaction is billed twice.
      CapacityUnits: 2 * units,
    }));
    const isAsked = capacity !== undefined && capacity !== "NONE";
    return { status: 200, body: isAsked ? { ConsumedCapacity: consumed } : {} };
  }
  for (const { action, input } of undo.reverse()) await call(action, input);
  return {
    status: 400,
    body: {
      __type: `${TYPES}TransactionCanceledException`,
      Message: `Transaction cancelled, please refer cancellation reasons for specific reasons [${codes.join(", ")}]`,
      CancellationReasons: reasons,
    },
  };
}

/** What they would be by themselves, which is what IAM asks for. */
const actionsIn = ({ TransactItems: writes = [] }: Transaction): string[] =>
  writes.flatMap((write) => Object.keys(write).map((action) => `${action}Item`));

const refuse = (type: string, expected: string): Answer => ({
  status: 400,
  body: { __type: `${TYPES}${type}`, message: `expected ${expected}` },
});

/** A request of our own, past the network. */
async function callTable(
  table: Server,
  headers: IncomingHttpHeaders,
  action: string,
  input: object,
): Promise<Answer> {
  const target = `DynamoDB_20120810.${action}`;
  const request = Object.assign(new PassThrough(), {
    method: "POST",
    url: "/",
    headers: { ...headers, "x-amz-target": target },
  });
  const answered = new Promise<Answer>((resolve) => {
    const response = {
      statusCode: 200,
      setHeader: () => undefined,
      end: (body: string) =>
        resolve({ status: response.statusCode, body: JSON.parse(body) as Record<string, unknown> }),
    };
    table.emit("request", request, response);
  });
  request.end(JSON.stringify(input));
  return answered;
}

function parse(text: string): Transaction | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return value !== null && typeof value === "object" ? value : undefined;
  } catch {
    return undefined;
  }
}
