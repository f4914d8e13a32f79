import { CoreError } from "../../engine/errors.ts";
import { MAX_LIVE_ROW_BYTES } from "../../state/row-limits.ts";
import type { LiveValue, Place } from "./live-value.ts";
import type { Tree } from "./tree.ts";

/** Most that a live value may take, all its keys together: every batch of letters reads it. */
const MAX_VALUE_BYTES = 1024 * 1024;

/** Throws `core.live_too_large`. */
export function requireSize(value: LiveValue, place: Place, tree: Tree | undefined): void {
  if (tree === undefined) return;
  const bytes = bytesOf(tree);
  if (bytes > MAX_LIVE_ROW_BYTES) throw tooLarge(value.titleOf(place), MAX_LIVE_ROW_BYTES, bytes);
  if (place.key === undefined || bytes <= bytesOf(place.stored)) return;
  let total = bytes;
  for (const other of value.places) if (other !== place) total += bytesOf(other.sealed);
  if (total > MAX_VALUE_BYTES)
    throw tooLarge(`${value.name} with ${value.titleOf(place)}`, MAX_VALUE_BYTES, total);
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
