import type { Runtime } from "../engine/runtime.ts";
import type { Member } from "../state/records.ts";
import { WATCH_ROOM } from "./serialized-socket.ts";

/**
 * For how long an instance takes what it has read for true. It reads when something happens and this is over: so an app
 * that nobody looks at costs each of its busy instances one read in so many milliseconds, and packets between cost nothing.
 */
export const KNOWN_FOR_MS = 5_000;

/** Who looks, as this instance knows it: the members of one room of the admin namespace. */
export class Watchers {
  readonly #nsp: string;
  #members: readonly Member[] = [];
  #knownUntilMs = -Infinity;
  #reading: Promise<readonly Member[]> | undefined;

  constructor(nsp: string) {
    this.#nsp = nsp;
  }

  /** Whether there was somebody, when it was last looked. */
  get isWatched(): boolean {
    return this.#members.length > 0;
  }

  /** Whether it is known that there is nobody. */
  isUnwatched(nowMs: number): boolean {
    return !this.isWatched && nowMs < this.#knownUntilMs;
  }

  /** What is known is not true any more. */
  forget(): void {
    this.#knownUntilMs = -Infinity;
    this.#reading = undefined;
  }

  /** At most one read. Rejects where the table is out of reach. */
  read({ store, clock }: Runtime): Promise<readonly Member[]> {
    if (clock.nowMs() < this.#knownUntilMs) return Promise.resolve(this.#members);
    const list = async () => {
      const members: Member[] = [];
      for await (const page of store.listRoomMembers(this.#nsp, WATCH_ROOM)) members.push(...page);
      return members;
    };
    const reading = (this.#reading ??= list());
    const settle = (members: readonly Member[]) => {
      // What was forgotten meanwhile is to be read again.
      if (this.#reading !== reading) return;
      this.#reading = undefined;
      this.#members = members;
      this.#knownUntilMs = clock.nowMs() + KNOWN_FOR_MS;
    };
    // Out of reach: nobody, for a while. Else each packet of an outage would ask once more.
    reading.then(settle, () => settle([]));
    return reading;
  }
}
