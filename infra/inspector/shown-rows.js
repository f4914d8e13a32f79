import { matches } from "./packet-list.js";

/**
 * Which rows are shown. With nothing searched and nobody chosen only those that have come since are looked at: whether a row
 * is a ping never changes, and there are thousands.
 */
export class ShownRows {
  #shown = [];
  #rows = undefined;
  #showPings = false;
  #lastKey = 0;

  /** @param {object[]} rows of the model, keys ascending; the oldest may have gone since, and others come */
  of(rows, { words, session, showPings }) {
    const isPlain = words.length === 0 && session === undefined;
    if (!isPlain || rows !== this.#rows || showPings !== this.#showPings) {
      this.#shown = rows.filter((row) => matches(row, words, session, showPings));
    } else {
      const firstKey = rows[0]?.key ?? Infinity;
      const kept = this.#shown.findIndex(({ key }) => key >= firstKey);
      const come = rows.slice(rows.findLastIndex(({ key }) => key <= this.#lastKey) + 1);
      this.#shown = [
        ...(kept < 0 ? [] : this.#shown.slice(kept)),
        ...come.filter((row) => matches(row, words, session, showPings)),
      ];
    }
    this.#rows = isPlain ? rows : undefined;
    this.#showPings = showPings;
    this.#lastKey = rows.at(-1)?.key ?? 0;
    return this.#shown;
  }
}
