import { parseLetter } from "../../../lib/aws/letters.ts";
import { laneOf, type Letter } from "../../../lib/engine/letter.ts";
import { isSid } from "../../../lib/ids.ts";
import { sessionTag } from "../../../lib/log.ts";
import type { TableReport } from "../dynamodb/report-request.ts";
import type { Connection } from "../gateway/connection.ts";
import type { DisconnectCause } from "../gateway/events.ts";
import type { AnsweredRequest } from "../gateway/http-api.ts";
import type { InvokedRoute } from "../gateway/integrations.ts";
import type { AnsweredPost } from "../gateway/management.ts";
import type { QueuedMessage } from "../mailbox/fifo-queue.ts";
import { CAUSE_HEADER, toCause } from "./cause.ts";
import { cut, MAX_TEXTS, type Cause, type Told } from "./inspector-events.ts";

/*
 * Events of what the parts of the runtime have in hand: field by field, so that nothing goes along that is not named
 * here, of the environment least of all.
 */

const ofNobody: ReadonlySet<string> = new Set(["serverSide", "timer"]);

/** Whose connection it is, by its authorizer. */
export const sidOf = ({ authorizer }: Connection): string | undefined =>
  typeof authorizer?.["sid"] === "string" ? authorizer["sid"] : undefined;

const tags = new Map<string, string>();
const MAX_TAGS = 1_000;

/** A tag is a hash, and needed for each thing that is told of a session. */
export function tagOf(sid: string): string;
export function tagOf(sid: string | undefined): string | undefined;
export function tagOf(sid: string | undefined): string | undefined {
  if (sid === undefined) return undefined;
  const known = tags.get(sid);
  if (known !== undefined) return known;
  if (tags.size === MAX_TAGS) tags.clear();
  const tag = sessionTag(sid);
  tags.set(sid, tag);
  return tag;
}

export function toOpened(connection: Connection): Told {
  const { connectionId, connectedAt } = connection.facts;
  const sid = sidOf(connection);
  return {
    type: "connection.opened",
    connection: connectionId,
    session: tagOf(sid),
    sid,
    openedAtMs: connectedAt,
  };
}

export function toClosed(connection: Connection, { code, reason }: DisconnectCause): Told {
  const { connectionId } = connection.facts;
  return {
    type: "connection.closed",
    connection: connectionId,
    session: tagOf(sidOf(connection)),
    code,
    reason,
  };
}

export const toDropped = (connection: Connection): Told => ({
  type: "connection.dropped",
  connection: connection.facts.connectionId,
  session: tagOf(sidOf(connection)),
});

/** A message of the mailbox, or of the queue of alarms, as it is sent. */
export function toSent(
  { messageId, body, group }: QueuedMessage,
  queue: string,
  cause: Cause | undefined,
): Told {
  const about = { letter: messageId, queue, group: group.id, ...(cause === undefined ? {} : { cause }) };
  let letter: Letter;
  try {
    letter = parseLetter(body);
  } catch {
    const none = {
      kind: "other",
      session: undefined,
      sid: undefined,
      lane: "main",
      texts: [],
      frames: 0,
    } as const;
    return { type: "letter", ...about, ...none, bytes: body.length };
  }
  return { type: "letter", ...about, ...factsOf(letter, laneOfGroup(group.id)) };
}

/** An event of a route whose integration is a function: in direct ordering there is no mailbox. */
export function toRoute({ requestContext, body, sid, letter }: InvokedRoute): Told {
  const { eventType, connectionId } = requestContext;
  const kind = eventType === "MESSAGE" ? "frame" : eventType === "CONNECT" ? "opened" : "closed";
  const texts = body === undefined ? [] : [cut(body)];
  return {
    type: "letter",
    letter,
    kind,
    session: tagOf(sid),
    sid,
    connection: connectionId,
    queue: "",
    group: "",
    lane: "main",
    texts,
    frames: texts.length,
    bytes: Buffer.byteLength(body ?? ""),
  };
}

/** Which invocation got a letter that went through no mailbox. */
export const toHandedOver = ({
  letter,
  invocation,
}: {
  readonly letter: string;
  readonly invocation: string;
}): Told => ({
  type: "batch",
  invocation,
  queue: "",
  letters: [{ letter, waitedMs: 0, receives: 1 }],
});

/** A letter for which a function was invoked asynchronously; undefined where the event is none. */
export function toInvoked(event: unknown, id: string, cause: Cause | undefined): Told | undefined {
  const letter = event as Letter | null;
  if (typeof letter !== "object" || !isSid(letter?.sid) || typeof letter.kind !== "string") return undefined;
  const about = { letter: id, queue: "", group: "", ...(cause === undefined ? {} : { cause }) };
  return { type: "letter", ...about, ...factsOf(letter, laneOf(letter)) };
}

function factsOf(letter: Letter, lane: "main" | "life" | "ack") {
  const { kind, sid } = letter;
  const all = kind === "frame" ? [letter.text] : kind === "payload" ? letter.texts : [];
  const isOfSession = !ofNobody.has(kind);
  const connection = "connectionId" in letter ? letter.connectionId : undefined;
  return {
    kind,
    session: isOfSession ? tagOf(sid) : undefined,
    sid: isOfSession ? sid : undefined,
    ...(connection === undefined ? {} : { connection }),
    lane,
    texts: all.slice(0, MAX_TEXTS).map(cut),
    frames: all.length,
    bytes: all.reduce((sum, text) => sum + Buffer.byteLength(text), 0),
  };
}

const laneOfGroup = (group: string): "main" | "life" | "ack" =>
  group.endsWith(".a") ? "life" : group.includes(".k.") ? "ack" : "main";

export function toPost({ request, connectionId, connection, body, status }: AnsweredPost): Told {
  return {
    type: "post",
    cause: toCause(request.headers[CAUSE_HEADER]),
    connection: connectionId,
    session: connection === undefined ? undefined : tagOf(sidOf(connection)),
    text: body === undefined ? "" : cut(body.toString("utf8")),
    bytes: body?.byteLength ?? 0,
    status,
  };
}

const SEPARATOR = "\x1e";

export function toRequest({ invocation, method, sid, status, body, startedMs }: AnsweredRequest): Told {
  const isFrames = method === "GET" && status === 200 && sid !== undefined;
  return {
    type: "request",
    invocation,
    method,
    session: tagOf(sid),
    sid,
    status,
    ms: Math.round((performance.now() - startedMs) * 100) / 100,
    texts: isFrames ? body.split(SEPARATOR).slice(0, MAX_TEXTS).map(cut) : [],
    bytes: body.length,
  };
}

export function toTable({ cause, action, keys, readUnits, writeUnits, ms, error }: TableReport): Told {
  return {
    type: "table",
    cause: toCause(cause) ?? { invocation: "" },
    action,
    keys: keys.map((key) => cut(key)),
    readUnits,
    writeUnits,
    ms,
    ...(error === undefined ? {} : { error }),
  };
}

const levels = ["debug", "info", "warn", "error"] as const;

/** A line of an instance: of this package's logger, or whatever the app writes. */
export function toLog(
  line: string,
  of: { readonly function: string; readonly pid: number },
  mark: string | undefined,
): Told {
  const { level, message, code, session, error } = parse(line);
  const cause = toCause(mark);
  const why = typeof error === "string" ? `: ${error}` : "";
  return {
    type: "log",
    level: levels.find((one) => one === level) ?? "info",
    message: cut(typeof message === "string" ? `${message}${why}` : line),
    ...(typeof code === "string" ? { code } : {}),
    ...(typeof session === "string" ? { session } : {}),
    ...of,
    ...(cause === undefined ? {} : { cause }),
  };
}

function parse(line: string): Readonly<Record<string, unknown>> {
  if (!line.startsWith("{")) return {};
  try {
    return JSON.parse(line) as Record<string, unknown>;
  } catch {
    return {};
  }
}
