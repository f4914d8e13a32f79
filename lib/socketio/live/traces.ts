import type { Turn } from "../../engine/turn.ts";
import type { Place } from "./live-value.ts";

/** What is known of what the app's code has done with live values since they were looked at. */
export class Traces {
  readonly #owners = new WeakMap<object, Place[]>();
  readonly #reads = new WeakMap<Turn, WeakMap<object, Set<unknown>>>();
  #assigned = new Map<object, Set<unknown>>();

  /** A container was found in a row: it may be in several, as long as a handler runs. */
  own(container: object, place: Place): void {
    const places = this.#owners.get(container);
    if (places === undefined) this.#owners.set(container, [place]);
    else if (!places.includes(place)) places.push(place);
  }

  placesOf(container: object): readonly Place[] {
    return this.#owners.get(container) ?? [];
  }

  noteRead(turn: Turn, target: object, key: unknown): void {
    const reads = this.#reads.get(turn) ?? new WeakMap<object, Set<unknown>>();
    this.#reads.set(turn, reads);
    reads.set(target, (reads.get(target) ?? new Set()).add(key));
  }

  /** What follows from nothing that the turn had read there is as it was written, whatever others have made of it. */
  noteWrite(turn: Turn, target: object, key: unknown): void {
    if (this.#reads.get(turn)?.get(target)?.has(key)) return;
    this.#assigned.set(target, (this.#assigned.get(target) ?? new Set()).add(key));
  }

  isAssigned(target: object, key: unknown): boolean {
    return this.#assigned.get(target)?.has(key) ?? false;
  }

  forgetWrites(): void {
    this.#assigned = new Map();
  }
}
