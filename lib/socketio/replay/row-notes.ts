/** Texts in a socket's row that are added to and never removed: what its connection listeners learnt and did. */
export class RowNotes {
  readonly #texts: Map<string, string>;
  /** Keys of those that the table does not have. */
  readonly #news = new Set<string>();

  constructor(stored: Readonly<Record<string, string>>, isNote: (key: string) => boolean) {
    this.#texts = new Map(Object.entries(stored).filter(([key]) => isNote(key)));
  }

  get(key: string): string | undefined {
    return this.#texts.get(key);
  }

  set(key: string, text: string): void {
    if (this.#texts.get(key) === text) return;
    this.#texts.set(key, text);
    this.#news.add(key);
  }

  /** By what comes behind the prefix. */
  behind(prefix: string): [string, string][] {
    return [...this.#texts]
      .filter(([key]) => key.startsWith(prefix))
      .map(([key, text]) => [key.slice(prefix.length), text]);
  }

  /** What must be written; undefined when the table has all of them. */
  changes(): Record<string, string> | undefined {
    if (this.#news.size === 0) return undefined;
    return Object.fromEntries([...this.#news].map((key) => [key, this.#texts.get(key) ?? ""]));
  }

  markStored(changes: Readonly<Record<string, string>>): void {
    for (const [key, text] of Object.entries(changes))
      if (this.#texts.get(key) === text) this.#news.delete(key);
  }
}
