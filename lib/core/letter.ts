import type { ConnectionId, Sid, SocketId } from "../ids.ts";
import type { DisconnectReason } from "../protocol/reasons.ts";

/**
 * What goes through the mailbox. `opened`, `frame` and `closed` are written by API Gateway itself; `payload` by the
 * polling function; the others, and `closed` again, by whoever notices that something must happen to a session. All that happens to a session happens in the order
 * of its letters.
 */
export type Letter =
  | { readonly kind: "opened"; readonly sid: Sid; readonly connectionId: ConnectionId; readonly atMs: number }
  | {
      readonly kind: "frame";
      readonly sid: Sid;
      readonly connectionId: ConnectionId;
      readonly atMs: number;
      readonly text: string;
    }
  /** Frames of one lane, out of the body of one POST. */
  | { readonly kind: "payload"; readonly sid: Sid; readonly atMs: number; readonly texts: readonly string[] }
  | {
      readonly kind: "closed";
      readonly sid: Sid;
      /** The gateway connection that ended or is to end; absent when the session has none. */
      readonly connectionId?: ConnectionId;
      readonly atMs: number;
      readonly reason: DisconnectReason;
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
  /** No pong was seen in time. Travels behind any pong that is still queued. */
  | {
      readonly kind: "reap";
      readonly sid: Sid;
      readonly atMs: number;
      readonly pingIntervalMs: number;
      readonly lastPongAtMs: number;
    };

/**
 * A session has two lanes, each a FIFO order of its own. Answers (acks, pongs, and the reap that must queue behind
 * pongs) are never held up by the handler that waits for them.
 */
export type Lane = "main" | "answers";

/** `.a` cannot occur in a sid, so no client can name another session's lane. */
export const toGroup = (sid: Sid, lane: Lane): string => (lane === "main" ? sid : `${sid}.a`);

export function laneOf(letter: Letter): Lane {
  switch (letter.kind) {
    case "reap":
      return "answers";
    case "frame":
      return laneOfFrame(letter.text);
    case "payload":
      return laneOfFrame(letter.texts[0] ?? "");
    case "opened":
    case "closed":
    case "kick":
      return "main";
    default:
      return letter satisfies never;
  }
}

/**
 * Pongs, pings (of protocol 3; in protocol 4 no client may send one) and acks. Binary acks stay in the main lane,
 * where their attachments are.
 */
export const laneOfFrame = (text: string): Lane =>
  text === "3" || text === "2" || text.startsWith("43") ? "answers" : "main";

/** A letter as the mailbox hands it over. */
export interface Delivery {
  readonly letter: Letter;
  /** The mailbox's name for this message, to say which ones failed. */
  readonly id: string;
  /** Names this very delivery, to release it early; absent where the mailbox cannot (direct mode). */
  readonly receipt?: string;
  /** True when it was handed over before and never released: that instance crashed. */
  readonly redelivered: boolean;
}
