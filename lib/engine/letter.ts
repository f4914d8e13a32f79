import { createHash } from "node:crypto";
import type { ConnectionId, Sid, SocketId } from "../ids.ts";
import type { DisconnectReason } from "../protocol/reasons.ts";
import type { Alarm } from "./alarms/alarm.ts";

/**
 * What goes through the mailbox. `opened`, `frame` and `closed` are written by API Gateway itself; `born` and `payload`
 * by the polling function; the others, and `closed` again, by whoever notices that something must happen to a session. All that happens to a session happens in the order
 * of its letters.
 */
export type Letter =
  | { readonly kind: "opened"; readonly sid: Sid; readonly connectionId: ConnectionId; readonly atMs: number }
  /** A polling session has begun, of an app that wants to hear of it. */
  | { readonly kind: "born"; readonly sid: Sid; readonly atMs: number }
  | {
      readonly kind: "frame";
      readonly sid: Sid;
      readonly connectionId: ConnectionId;
      readonly atMs: number;
      readonly text: string;
    }
  /** Frames of one lane, out of the body of one POST. */
  | {
      readonly kind: "payload";
      readonly sid: Sid;
      readonly atMs: number;
      readonly texts: readonly string[];
      readonly lane: Lane;
    }
  | {
      readonly kind: "closed";
      readonly sid: Sid;
      /** The gateway connection that ended or is to end; absent when the session has none. */
      readonly connectionId?: ConnectionId;
      readonly atMs: number;
      readonly reason: DisconnectReason;
      /** What the gateway ended the connection with, where it says so. */
      readonly statusCode?: number;
      /** Nobody said goodbye: the client lost its server. It is to notice that, and hears no close packet. */
      readonly abrupt?: boolean;
    }
  /** The server disconnects a socket from elsewhere: `disconnectSockets`, a remote socket's `disconnect`. */
  | {
      readonly kind: "kick";
      readonly sid: Sid;
      readonly nsp: string;
      readonly socketId: SocketId;
      readonly close: boolean;
      readonly atMs: number;
    }
  /** For listeners of the server itself. Of no session: its `sid` is made for it, so that it queues behind nothing. */
  | {
      readonly kind: "serverSide";
      readonly sid: Sid;
      readonly nsp: string;
      /** The event and its values, packed. */
      readonly packed: string;
      /** Present when an answer is waited for. */
      readonly ackId?: number;
      readonly atMs: number;
    }
  /** A timer is due. Of no session either; it queues behind what is due of the same timer and key. */
  | (Alarm & {
      readonly kind: "timer";
      readonly sid: Sid;
      readonly atMs: number;
      /** By the clock of the carrier of alarms. */
      readonly dueAtMs: number;
    })
  /** No pong was seen in time. Travels behind any pong that is still queued. */
  | {
      readonly kind: "reap";
      readonly sid: Sid;
      readonly atMs: number;
      readonly pingIntervalMs: number;
      readonly lastPongAtMs: number;
    };

/**
 * Where a letter queues. `main`: behind everything that happened to its session before. `life`: pongs, pings, and the
 * reap that must queue behind them. `ack`: behind nothing at all, for a handler may wait for it.
 */
export type Lane = "main" | "life" | "ack";

/**
 * The message group of a letter. A group stands still while a batch with a message of it is in somebody's hands, so an
 * ack has one of its own: behind a pong of the batch whose handler waits for the ack, it would come too late. Answers
 * need no order among themselves.
 *
 * No sid has a dot, so no client can name another session's group.
 *
 * @param unique of this letter, and of no other of its session: letters, digits and punctuation, at most 100 of them
 */
export function toGroup(letter: Letter, lane: Lane, unique: string): string {
  if (letter.kind === "timer") return toTimerGroup(letter);
  const { sid } = letter;
  switch (lane) {
    case "main":
      return sid;
    case "life":
      return `${sid}.a`;
    case "ack":
      return `${sid}.k.${unique}`;
    default:
      return lane satisfies never;
  }
}

/** One handler at a time for a key: the queue gives no letter of a group while one of it is in somebody's hands. */
function toTimerGroup({ of, name, key }: Alarm): string {
  const hash = createHash("sha256").update(JSON.stringify([of, name, key]));
  return `${hash.digest("base64url")}.t`;
}

/** @param ackPrefix how acks of this session begin, if not like those of the stock parser: `toAckPrefix` */
export function laneOf(letter: Letter, ackPrefix?: string): Lane {
  switch (letter.kind) {
    case "reap":
      return "life";
    case "frame":
      return laneOfFrame(letter.text, ackPrefix);
    case "payload":
      return letter.lane;
    case "opened":
    case "born":
    case "closed":
    case "kick":
    case "serverSide":
    case "timer":
      return "main";
    default:
      return letter satisfies never;
  }
}

/**
 * Pings are of protocol 3; in protocol 4 no client may send one. Binary acks of the stock parser stay in the main lane,
 * where their attachments are.
 */
export function laneOfFrame(text: string, ackPrefix = STOCK_ACK_PREFIX): Lane {
  if (text === "3" || text === "2") return "life";
  return text.startsWith(ackPrefix) ? "ack" : "main";
}

const STOCK_ACK_PREFIX = "43";

/** A letter as the mailbox hands it over. */
export interface Delivery {
  readonly letter: Letter;
  /** The mailbox's name for this message, to say which ones failed. */
  readonly id: string;
  /** Names this very delivery, to release it early; absent where the mailbox cannot (direct mode). */
  readonly receipt?: string;
  /** True when it was handed over before and never released: that instance crashed. */
  readonly redelivered: boolean;
  /** When it was first handed over, by the mailbox's clock; absent where the mailbox has none. */
  readonly receivedAtMs?: number;
}

/** All but what a message of SQS "can include": SendMessage, MessageBody. JSON leaves two of them as they are. */
const NOT_IN_A_MESSAGE = /[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu;

/** JSON of characters that the queue takes, whatever a client has put into it. It is as long as the queue counts it. */
export const toQueueText = (value: unknown): string =>
  JSON.stringify(value).replace(
    NOT_IN_A_MESSAGE,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
