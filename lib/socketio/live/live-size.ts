import { CoreError } from "../../engine/errors.ts";
import { MAX_LIVE_ROW_BYTES } from "../../state/row-limits.ts";
import type { LiveValue, Place } from "./live-value.ts";
import type { Tree } from "./tree.ts";

/** Most that a live value may take, all its keys together: every batch of letters reads it. */
const MAX_VALUE_BYTES = 1024 * 1024;

/** What values take, while changes of them are collected one by one. */
export class Sizes {
  readonly #totals = new Map<LiveValue, number>();

  /** Before `place` is to have what `tree` says. Throws `core.live_too_large`. */
  require(place: Place, tree: Tree | undefined): void {
    const { value, key, sealed, stored } = place;
    const bytes = bytesOf(tree);
    if (bytes > MAX_LIVE_ROW_BYTES) throw tooLarge(value.titleOf(place), MAX_LIVE_ROW_BYTES, bytes);
    const isGrowing = key !== undefined && bytes > bytesOf(stored);
    if (!isGrowing && !this.#totals.has(value)) return;
    const total = this.#totalOf(value) - bytesOf(sealed) + bytes;
    if (isGrowing && total > MAX_VALUE_BYTES)
      throw tooLarge(`${value.name} with ${value.titleOf(place)}`, MAX_VALUE_BYTES, total);
    this.#totals.set(value, total);
  }

  #totalOf(value: LiveValue): number {
    const known = this.#totals.get(value);
    if (known !== undefined) return known;
    let total = 0;
    for (const { sealed } of value.places) total += bytesOf(sealed);
    return total;
  }
}

const sizes = new WeakMap<object, number>();

/** Trees do not change, so each is measured once. */
function bytesOf(tree: Tree | undefined): number {
  if (tree === undefined) return 0;
  if (typeof tree !== "object" || tree === null) return Buffer.byteLength(JSON.stringify(tree));
  const known = sizes.get(tree);
  if (known !== undefined) return known;
  const bytes = Buffer.byteLength(JSON.stringify(tree));
  sizes.set(tree, bytes);
  return bytes;
}

const tooLarge = (title: string, most: number, bytes: number): CoreError =>
  new CoreError(
    "core.live_too_large",
    `expected ${title} to be at most ${most} bytes, got ${bytes}; the change is not stored: keep large values elsewhere`,
    { evidence: { at: title, bytes } },
  );
