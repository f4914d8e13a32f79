import type { Sid } from "../../ids.ts";
import type { Session } from "../session.ts";
import type { SessionLoader } from "../session-loader.ts";

/** Sessions as letters beside the main lane find them: each is read once a batch, however many of its letters ask. */
export class BatchSessions {
  readonly #loader: SessionLoader;
  readonly #sessions = new Map<Sid, Promise<Session | undefined>>();

  constructor(loader: SessionLoader) {
    this.#loader = loader;
  }

  load(sid: Sid): Promise<Session | undefined> {
    const known = this.#sessions.get(sid);
    if (known !== undefined) return known;
    const session = this.#loader.load(sid);
    this.#sessions.set(sid, session);
    session.catch(() => this.#sessions.delete(sid));
    return session;
  }
}
