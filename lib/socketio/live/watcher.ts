/** What is told of everything that the app does with what is behind a view. */
export interface Watcher {
  /**
   * Before `target[key]` is set to `value`, or with none taken away. False: it is not done, which the running code does
   * not see.
   */
  admitsWrite(target: object, key: unknown, written?: { readonly value: unknown }): boolean;
  /** A value that is no container, or none, was read: what the app does next may follow from it. */
  onRead(target: object, key: unknown): void;
  /** A container was reached through another one. */
  onReached(parent: object, key: unknown, child: object): void;
  /** How errors call it. */
  titleOf(target: object): string;
}

/** How the app comes to see what is behind views. */
export interface Seen {
  /** What is behind a view; anything else is itself. */
  readonly unwrap: (value: unknown) => unknown;
  /** What the app gets of a value that was found in `parent`. */
  reach(parent: object, key: unknown, given: unknown): unknown;
  viewOf(target: object): object;
}

export type Collection = Map<unknown, unknown> | Set<unknown>;

export const isCollection = (value: unknown): value is Collection =>
  value instanceof Map || value instanceof Set;
