import { within } from "./waiting.ts";

/**
 * Things that arrived, each taken once, in order of arrival within its kind. A waiter that comes late finds what
 * came early: no test depends on who was first.
 */
export class Inbox<Item> {
  readonly #items: Item[] = [];
  readonly #waiters: { matches: (item: Item) => boolean; resolve: (item: Item) => void }[] = [];

  push(item: Item): void {
    const index = this.#waiters.findIndex((waiter) => waiter.matches(item));
    if (index < 0) {
      this.#items.push(item);
      return;
    }
    const [waiter] = this.#waiters.splice(index, 1);
    waiter?.resolve(item);
  }

  /** The first untaken item that matches, now or as soon as it arrives. */
  take(matches: (item: Item) => boolean, explain: () => string): Promise<Item> {
    const index = this.#items.findIndex(matches);
    if (index >= 0) return Promise.resolve(this.#items.splice(index, 1)[0] as Item);
    const arrival = new Promise<Item>((resolve) => this.#waiters.push({ matches, resolve }));
    return within(arrival, explain).catch((error: unknown) => {
      const abandoned = this.#waiters.findIndex((waiter) => waiter.matches === matches);
      this.#waiters.splice(abandoned, 1);
      throw error;
    });
  }

  get untaken(): readonly Item[] {
    return this.#items;
  }
}
