import { NonstickyError } from "../errors.ts";

/**
 * A rule of the state layer was broken. `code` is one of `stateErrorCodes`; outages of the table are not wrapped in
 * one, except for writes that it kept refusing.
 */
export class StateError extends NonstickyError {
  declare readonly code: StateErrorCode;

  constructor(code: StateErrorCode, message: string, evidence: Record<string, unknown> = {}) {
    super(code, message, { evidence });
  }
}

export const stateErrorCodes = [
  /** A session id that we cannot have made. The caller drops what carried it. */
  "state.malformed_sid",
  /** A private id that we cannot have made. Callers ask `isPid` first. Refused. */
  "state.malformed_pid",
  /** An offset that we cannot have made. Callers ask `isOffset` first. Refused. */
  "state.malformed_offset",
  /** A name with half a surrogate pair: no UTF-8 text has one, so two such names could become one key. Refused. */
  "state.malformed_name",
  /** A namespace over `MAX_NAMESPACE_BYTES`. Refused. */
  "state.namespace_too_long",
  /** A room over `MAX_ROOM_BYTES`. Refused. */
  "state.room_too_long",
  /** A name of a shared map over `MAX_MAP_BYTES`. Refused. */
  "state.map_too_long",
  /** A key of a shared map over `MAX_SHARED_KEY_BYTES`. Refused. */
  "state.key_too_long",
  /** A value of a shared map over `MAX_SHARED_BYTES`. Refused. */
  "state.shared_too_large",
  /** A name of a live value over `MAX_LIVE_NAME_BYTES`. Refused. */
  "state.live_name_too_long",
  /** A key of a live value over `MAX_LIVE_KEY_BYTES`. Refused. */
  "state.live_key_too_long",
  /** What is in a row of a live value over `MAX_LIVE_ROW_BYTES`. Refused. */
  "state.live_too_large",
  /** A binary packet whose stored parts exceed `MAX_PENDING_BYTES`. The caller closes the session. */
  "state.pending_too_large",
  /** An answer to a server's emit over `MAX_ANSWER_BYTES`. Refused: to who waits for it, it never came. */
  "state.answer_too_large",
  /** A packet over `MAX_LOG_BYTES`. Refused: it cannot be kept for clients that come back. */
  "state.log_too_large",
  /** A ping interval that is not a whole number of milliseconds, or out of range. Refused. */
  "state.bad_interval",
  /** A row whose key this version cannot read. Thrown to the boundary: the batch is tried again. */
  "state.malformed_key",
  /** DynamoDB left writes of a batch undone after every retry. Thrown to the boundary: the batch is tried again. */
  "state.unprocessed_writes",
  /** A room was made and emptied between any two requests, again and again. Thrown to the boundary: tried again. */
  "state.room_contended",
  /** What is reserved of the time to post was over and was not, again and again. Thrown to whoever posts a broadcast. */
  "state.pace_contended",
] as const;

export type StateErrorCode = (typeof stateErrorCodes)[number];
