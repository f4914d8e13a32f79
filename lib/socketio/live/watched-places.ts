import type { Turn } from "../../engine/turn.ts";
import type { Place } from "./live-value.ts";

/** Rows into which turns have put objects of their own, which they may change past our views until they end. */
export class WatchedPlaces {
  readonly #turns = new Map<Place, Set<Turn>>();

  add(turn: Turn, places: readonly Place[]): void {
    for (const place of places) {
      const turns = this.#turns.get(place) ?? new Set();
      this.#turns.set(place, turns.add(turn));
    }
  }

  has(place: Place): boolean {
    return this.#turns.has(place);
  }

  isWatching(turn: Turn): boolean {
    return this.placesOf(turn).length > 0;
  }

  places(): Iterable<Place> {
    return this.#turns.keys();
  }

  placesOf(turn: Turn): readonly Place[] {
    return [...this.#turns].flatMap(([place, turns]) => (turns.has(turn) ? [place] : []));
  }

  /** The turn's handlers have ended. */
  release(turn: Turn): void {
    for (const [place, turns] of this.#turns)
      if (turns.delete(turn) && turns.size === 0) this.#turns.delete(place);
  }
}
