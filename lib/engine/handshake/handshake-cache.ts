import type { Sid } from "../../ids.ts";
import type { AuthRecord, HandshakeRecord, SessionSnapshot } from "../../state/records.ts";

const MAX_SESSIONS = 2_000;

export interface Handshakes {
  readonly handshake: HandshakeRecord;
  readonly auths: readonly AuthRecord[];
}

/**
 * What clients showed when they arrived: immutable, so an instance reads it once per session. Keyed by session, so
 * one client never sees another's. Least recently used go first.
 */
export class HandshakeCache {
  readonly #known = new Map<Sid, Handshakes>();

  has(sid: Sid): boolean {
    return this.#known.has(sid);
  }

  /** What is known and enough for the sockets of this snapshot; undefined when one of them has connected since. */
  complete(snapshot: SessionSnapshot): Handshakes | undefined {
    const known = this.#known.get(snapshot.session.sid);
    if (known === undefined) return undefined;
    const hasAuth = (socketId: string) => known.auths.some((auth) => auth.socketId === socketId);
    if (!snapshot.sockets.every((socket) => hasAuth(socket.socketId))) return undefined;
    this.#known.delete(snapshot.session.sid);
    this.#known.set(snapshot.session.sid, known);
    return known;
  }

  remember(sid: Sid, handshakes: Handshakes): void {
    this.#known.delete(sid);
    this.#known.set(sid, handshakes);
    if (this.#known.size <= MAX_SESSIONS) return;
    for (const oldest of this.#known.keys()) {
      this.#known.delete(oldest);
      return;
    }
  }

  /** A namespace was connected here, so its auth needs no read later. */
  rememberAuth(sid: Sid, auth: AuthRecord): void {
    const known = this.#known.get(sid);
    if (known)
      this.#known.set(sid, { ...known, auths: [...known.auths.filter((a) => a.nsp !== auth.nsp), auth] });
  }
}
