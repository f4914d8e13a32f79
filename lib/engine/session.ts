import type { ConnectionId, Sid } from "../ids.ts";
import { dialects, type Dialect } from "../protocol/dialect.ts";
import { assertPostable, PONG_FRAME } from "../protocol/frame.ts";
import type { DisconnectReason } from "../protocol/reasons.ts";
import type { PendingPacket } from "../protocol/reassembly.ts";
import type { AuthRecord, HandshakeRecord, Route, SessionRecord } from "../state/records.ts";
import type { Runtime } from "./runtime.ts";
import { endSession } from "./end-session.ts";
import type { Turn } from "./turn.ts";

/**
 * One Engine.IO session while a batch with letters for it runs: what an engine app (Socket.IO, or a bare echo) sees
 * of its client. Shared by the turns of the batch.
 */
export class Session {
  readonly sid: Sid;
  record: SessionRecord;
  readonly handshake: HandshakeRecord;
  readonly auths: readonly AuthRecord[];
  /** Tells this instance of an auth it need not read later. */
  readonly rememberAuth: (auth: AuthRecord) => void;
  /** Attachments under way; `pendingChanged` says that the table does not know. */
  pending: PendingPacket | undefined;
  pendingChanged = false;
  #alive: boolean;
  #isClosing = false;
  readonly #runtime: Runtime;

  constructor(options: {
    readonly record: SessionRecord;
    readonly handshake: HandshakeRecord;
    readonly auths: readonly AuthRecord[];
    readonly pending: PendingPacket | undefined;
    readonly runtime: Runtime;
    readonly rememberAuth: (auth: AuthRecord) => void;
  }) {
    this.sid = options.record.sid;
    this.record = options.record;
    this.handshake = options.handshake;
    this.auths = options.auths;
    this.pending = options.pending;
    this.#alive = options.record.phase === "open";
    this.rememberAuth = options.rememberAuth;
    this.#runtime = options.runtime;
  }

  setPending(pending: PendingPacket | undefined): void {
    this.pending = pending;
    this.pendingChanged = true;
  }

  /** False once the session is closing: its packets do not run any more. */
  get alive(): boolean {
    return this.#alive;
  }

  /**
   * False once its end was decided on in this batch, or something sent from here has found its client gone. True while
   * its close handlers run, which see the socket as it was.
   */
  get isReachable(): boolean {
    return this.#isClosing || (this.#alive && !this.#runtime.outbound.isLost(this));
  }

  /** The WebSocket it is on; undefined while it is polling. */
  get connectionId(): ConnectionId | undefined {
    return this.record.connectionId;
  }

  /** How to reach its client. */
  get route(): Route {
    const { connectionId } = this;
    return connectionId === undefined ? { kind: "out" } : { kind: "connection", connectionId };
  }

  /** How its client speaks. */
  get dialect(): Dialect {
    return dialects[this.record.protocol];
  }

  /** The client has moved to a WebSocket. */
  upgrade(connectionId: ConnectionId): void {
    this.record = { ...this.record, transport: "websocket", connectionId };
  }

  /**
   * Sends one message, or a packet of several, back to back. Throws `protocol.payload_too_large` before anything is
   * sent. Counts into the turn's tally.
   */
  send(turn: Turn, messages: string | Uint8Array | readonly (string | Uint8Array)[], volatile = false): void {
    const list = typeof messages === "string" || messages instanceof Uint8Array ? [messages] : messages;
    const frames = list.map((message) => this.dialect.encodeMessage(message));
    assertPostable(frames);
    this.sendFrames(turn, frames, volatile);
  }

  /**
   * Frames that are known to be postable. After the session was closed, nothing is sent any more. `isWanted` is asked
   * when everything issued before has been done.
   */
  sendFrames(turn: Turn, frames: readonly string[], volatile = false, isWanted = () => true): void {
    if (!this.#alive) return;
    // Whether the session is alive was asked when it was emitted: a close that was issued later comes behind it.
    turn.orderNow(() => {
      if (isWanted()) void this.#hand(turn, frames, volatile);
    });
  }

  /**
   * Hands one packet to the connection's queue, now: for a stage. Resolves, never rejects, when it is over with it:
   * false when it was not handed over, or that failed.
   */
  post(turn: Turn, frames: readonly string[], volatile = false): Promise<boolean> {
    if (!this.#alive) return Promise.resolve(false);
    return this.#hand(turn, frames, volatile).then(
      () => true,
      () => false,
    );
  }

  #hand(turn: Turn, frames: readonly string[], volatile: boolean): Promise<unknown> {
    const sent = this.#runtime.outbound.send({ sid: this.sid, route: this.route }, frames, volatile);
    const counted = sent.then(({ outcome }) => (turn.tally[outcome] += 1));
    turn.track(counted);
    return counted;
  }

  /** Answers a client that asks for a sign of life, which is one of its own. */
  answerPing(turn: Turn): void {
    const { store, clock } = this.#runtime;
    this.sendFrames(turn, [PONG_FRAME]);
    turn.track(store.recordPong(this.sid, this.record.pingIntervalMs, clock.nowMs()));
  }

  /**
   * Ends the session: no further packet of it runs, the app's close handlers run in a turn of their own, and the
   * gateway connection is closed behind everything sent so far.
   */
  close(turn: Turn, reason: DisconnectReason, how?: { readonly abrupt: boolean }): void {
    if (!this.#alive) return;
    this.#alive = false;
    void turn.order(async () => {
      await endSession(this.#runtime, this.sid, this.connectionId, reason, how);
    });
  }

  /** For the close turn: nothing runs in this session from now on. */
  markClosing(): void {
    this.#alive = false;
    this.#isClosing = true;
  }
}

/** The session whose letter a turn handles; undefined outside of any. */
export const sessionOf = ({ owner }: Turn): Session | undefined =>
  owner instanceof Session ? owner : undefined;
