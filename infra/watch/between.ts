import type { Kept, Snapshot } from "./kept.ts";

interface Remembered {
  readonly text: string;
  readonly object: WeakRef<object>;
  /** How often it was another one when nobody had handled anything. */
  changes: number;
}

/** A start that goes on beside the first packets fills a variable once; a timer goes on changing it. */
const CHANGES = 2;

/**
 * What changes while no packet is handled: a timer of the module does it, or a subscription. Objects alone, and the very
 * same ones: another instance, in the same process, has another.
 */
export class Between {
  readonly #remembered = new Map<string, Remembered>();

  /** A packet was handled that nobody looked at: whatever has changed may be its doing. */
  forget(): void {
    this.#remembered.clear();
  }

  remember(after: Snapshot): void {
    for (const [key, { text, object, isOfListener }] of after) {
      if (object === undefined || isOfListener) continue;
      const known = this.#remembered.get(key);
      const changes = known?.object.deref() === object ? known.changes : 0;
      this.#remembered.set(key, { text, object: new WeakRef(object), changes });
    }
  }

  /** What has changed since it was looked at last, more than once. */
  *changedIn(before: Snapshot): Generator<Kept> {
    for (const [key, kept] of before) {
      const known = this.#remembered.get(key);
      if (known === undefined || known.object.deref() !== kept.object || known.text === kept.text) continue;
      known.changes += 1;
      if (known.changes >= CHANGES) yield kept;
    }
  }
}
