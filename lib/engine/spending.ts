/** What one delivery has used up of what is counted: each frame over a WebSocket is one, and all that a POST brought in a lane. */
export class Spending {
  readonly #spent = new Map<string, number>();

  /** Once more; false when that is more than `most`. */
  spend(what: string, most: number): boolean {
    const spent = (this.#spent.get(what) ?? 0) + 1;
    this.#spent.set(what, spent);
    return spent <= most;
  }
}
