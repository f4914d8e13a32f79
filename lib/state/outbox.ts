import type { ConnectionId, Sid } from "../ids.ts";
import type { BeatRecord, HandshakeRecord, Route, SessionRecord } from "./records.ts";

/** Where an outbox may move to: a WebSocket, or, for a hold of a session that polls, the outbox of that session. */
export type MoveTarget = ConnectionId | "outbox";

/**
 * What waits for a polling session to fetch it: one row, whose conditions are the state machine of polling and of the
 * upgrade. The order in which the database commits is the order in which the client hears.
 */
export interface OutboxRecord {
  readonly sid: Sid;
  /** Encoded Engine.IO packets, in order. */
  readonly frames: readonly string[];
  /** Where the session has moved to; set once, after which nothing is appended any more. */
  readonly movedTo?: MoveTarget;
  /** The WebSocket that is trying to take over; of a hold, what it is to move to. */
  readonly probe?: { readonly target: MoveTarget; readonly untilMs: number };
  /** The GET that is parked. One past its time counts as none. */
  readonly get?: { readonly id: string; readonly untilMs: number };
  /** When the last GET ended, or is to end at the latest; the opening until there was one. */
  readonly lastGetUntilMs: number;
  /** Nothing is appended any more; what is left is for the last GET. */
  readonly closed: boolean;
}

/** The probe of a hold never lapses: the last millisecond of all. */
export const HOLD_UNTIL_MS = Number.MAX_SAFE_INTEGER;

/** Operations on outboxes. The rules of `Store` hold here, too: each is one request unless it says otherwise. */
export interface OutboxStore {
  /** A session that begins with polling: its row, handshake, beat and an empty outbox, in one batch. */
  createPollingSession(session: SessionRecord, handshake: HandshakeRecord, beat: BeatRecord): Promise<void>;

  /**
   * Appends IF the outbox exists, is not closed, has not moved, and holds less than `capBytes` (so one append may
   * exceed it, up to the `MAX_OUTBOX_BYTES` that fit into a row); with `onlyIfParked` also IF a GET is parked at
   * `nowMs`. A second request, a read, only when refused. What it holds is counted by `toFramesBytes`.
   */
  appendOutbox(append: OutboxAppend): Promise<AppendOutcome>;

  /**
   * Appends the last frames and closes it, whatever it holds, IF it exists, is not closed and has not moved. A read
   * only when refused.
   */
  closeOutbox(sid: Sid, frames: readonly string[]): Promise<boolean>;

  readOutbox(sid: Sid): Promise<OutboxRecord | undefined>;

  /**
   * Parks a GET IF the outbox exists, has not moved, and no other GET is parked at `nowMs`. `opened` carries the
   * outbox as it is then, also when it is closed: what is left must be fetched. A read only when refused.
   */
  openGet(get: GetRequest): Promise<OpenGetOutcome>;

  /**
   * Ends a GET and takes the first `MAX_GET_FRAMES` frames, IF it is still the one that is parked, late or not: one
   * write takes and releases, before anything is answered. Undefined when it is not: its frames are another's. `closed`
   * when nothing comes behind what was taken. A second write where more than 8 KB were taken; a read only when refused,
   * and a read and a write where there are more frames than `seen`, the caller's last look, could tell. An id is used once.
   */
  endGet(
    sid: Sid,
    id: string,
    nowMs: number,
    seen?: readonly string[],
  ): Promise<{ readonly frames: readonly string[]; readonly closed: boolean } | undefined>;

  /**
   * A WebSocket begins to take over IF the outbox exists, is open, has not moved, and no other does at `nowMs`. `gone`
   * when it has moved, too. A read only when refused.
   */
  startProbe(probe: ProbeRequest): Promise<"started" | "busy" | "gone">;
  /** Forgets a probe IF it is that one, late or not. A read only when refused. */
  endProbe(sid: Sid, connectionId: ConnectionId): Promise<boolean>;

  /**
   * Takes every frame of an open outbox that has not moved, for the WebSocket that takes over; of any other none.
   * Requests as for `endGet`. One caller at a time, and the client has no GET on its way by then.
   */
  takeOutbox(sid: Sid): Promise<readonly string[]>;
  /**
   * Moves the session to a WebSocket IF the outbox is open, empty, not moved, and that WebSocket is its probe. Still
   * true when it has moved there before: a batch that is tried again goes on from there.
   */
  moveOutbox(sid: Sid, target: MoveTarget): Promise<boolean>;
  /** The session's row: transport `websocket`, on that connection, IF it exists. */
  upgradeSession(sid: Sid, connectionId: ConnectionId): Promise<boolean>;

  deleteOutbox(sid: Sid): Promise<void>;

  /**
   * Changes one membership row IF it exists and its route is `from`: a room that was left is not joined again. Still
   * true when its route is `to` already.
   */
  repairRoute(nsp: string, room: string | undefined, sid: Sid, from: Route, to: Route): Promise<boolean>;
}

export interface OutboxAppend {
  readonly sid: Sid;
  readonly frames: readonly string[];
  readonly capBytes: number;
  readonly onlyIfParked: boolean;
  /** Closes the outbox in the same write: these are its last frames. */
  readonly closes?: boolean;
  readonly nowMs: number;
}

/**
 * `appended` tells when the last GET ended or is to end. `moved`: post there instead. `full`: a slow client.
 * `unparked`: nobody is waiting, and only that was wanted. `gone`: no such session, or it is closed.
 */
export type AppendOutcome =
  | { readonly outcome: "appended"; readonly lastGetUntilMs: number }
  | { readonly outcome: "moved"; readonly target: MoveTarget }
  | { readonly outcome: "full" }
  | { readonly outcome: "unparked" }
  | { readonly outcome: "gone" };

export interface GetRequest {
  readonly sid: Sid;
  readonly id: string;
  readonly nowMs: number;
  readonly untilMs: number;
  /** Refused as `stale` when the last GET ended before: that client was gone too long. */
  readonly aliveSinceMs?: number;
}

export type OpenGetOutcome =
  | { readonly outcome: "opened"; readonly outbox: OutboxRecord }
  | { readonly outcome: "overlap" }
  | { readonly outcome: "stale" }
  | { readonly outcome: "moved" }
  | { readonly outcome: "gone" };

export interface ProbeRequest {
  readonly sid: Sid;
  readonly connectionId: ConnectionId;
  readonly nowMs: number;
  readonly untilMs: number;
}
