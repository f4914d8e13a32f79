import { protocolOf, type Sid } from "../ids.ts";
import { toPending } from "../protocol/reassembly.ts";
import type { SessionSnapshot } from "../state/records.ts";
import type { EngineApp } from "./engine.ts";
import { HandshakeCache, type Handshakes } from "./handshake/handshake-cache.ts";
import type { Runtime } from "./runtime.ts";
import { Session } from "./session.ts";

/** Reads sessions: one request each, the immutable part of them only when this instance has not seen it yet. */
export class SessionLoader {
  readonly #runtime: Runtime;
  readonly #app: EngineApp;
  readonly #cache = new HandshakeCache();

  constructor(runtime: Runtime, app: EngineApp) {
    this.#runtime = runtime;
    this.#app = app;
  }

  /** Undefined when there is no such session, or nothing is left of it but its closing. */
  async load(sid: Sid): Promise<Session | undefined> {
    const { store } = this.#runtime;
    // In protocol 3 a socket that connects anew has the id it had, so its auth could be the one before.
    const isCached = protocolOf(sid) === 4 && this.#cache.has(sid);
    const first = await store.loadSession(sid, { handshake: !isCached });
    if (first === undefined) return undefined;
    let handshakes = this.#remember(first) ?? this.#cache.complete(first);
    let snapshot = first;
    if (handshakes === undefined) {
      // A namespace was connected on another instance since this one learnt the session's handshake.
      const second = await store.loadSession(sid, { handshake: true });
      if (second === undefined) return undefined;
      snapshot = second;
      handshakes = this.#remember(second);
    }
    if (handshakes === undefined) return undefined;
    return this.#toSession(snapshot, handshakes);
  }

  #remember({ session, handshake, auths }: SessionSnapshot): Handshakes | undefined {
    if (handshake === undefined) return undefined;
    const handshakes = { handshake, auths: auths ?? [] };
    this.#cache.remember(session.sid, handshakes);
    return handshakes;
  }

  #toSession(snapshot: SessionSnapshot, handshakes: Handshakes): Session {
    const { pending } = snapshot;
    const session = new Session({
      record: snapshot.session,
      handshake: handshakes.handshake,
      auths: handshakes.auths,
      pending: pending && toPending(pending.header, pending.parts, this.#app.codec),
      runtime: this.#runtime,
      rememberAuth: (auth) => this.#cache.rememberAuth(snapshot.session.sid, auth),
    });
    this.#app.resume?.(session, snapshot);
    return session;
  }
}
