import { atEndOfTick } from "../end-of-tick.ts";
import type { EngineApp } from "../engine.ts";
import type { Session } from "../session.ts";
import type { Turn } from "../turn.ts";

/**
 * The writes at the end of turns. Turns of one session that end in one go, those of the events of one POST, say, share
 * one: each alone would compare all that every socket of the session has stored.
 */
export class SharedSaves {
  readonly #app: EngineApp;
  readonly #waiting = new Map<Session, Promise<void>>();

  constructor(app: EngineApp) {
    this.#app = app;
  }

  /** Resolves when everything that had changed by now is stored; undefined where an app stores nothing. */
  save(session: Session, turn: Turn): Promise<void> | undefined {
    if (this.#app.save === undefined) return undefined;
    return this.#waiting.get(session) ?? this.#begin(session, turn, this.#app.save);
  }

  #begin(session: Session, turn: Turn, save: NonNullable<EngineApp["save"]>): Promise<void> {
    const saved = atEndOfTick(() => {
      this.#waiting.delete(session);
      return save.call(this.#app, session, turn);
    });
    this.#waiting.set(session, saved);
    return saved;
  }
}
