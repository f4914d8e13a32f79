/** Most that the app may keep with a socket: its row ends at 400 KB, with what the server keeps there. */
export const MAX_DATA_BYTES = 256 * 1024;

/**
 * What `socket.data`, own properties and those of `socket.request` take up together: they are kept in one row, so one
 * limit holds for all of them.
 */
export class DataBudget {
  readonly #bytes = new Map<object, number>();
  readonly #openAll: () => void;

  /** `openAll`: has every owner say what it has stored, where some do so when they are first asked for. */
  constructor(openAll: () => void = () => undefined) {
    this.#openAll = openAll;
  }

  /** What an owner has stored. */
  set(owner: object, bytes: number): void {
    this.#bytes.set(owner, bytes);
  }

  /** What all would take up if this owner took `bytes`. */
  totalWith(owner: object, bytes: number): number {
    this.#openAll();
    const others = [...this.#bytes].filter(([other]) => other !== owner);
    return others.reduce((sum, [, other]) => sum + other, bytes);
  }
}

/** Of one kind of values: names and JSON. */
export const toDataBytes = (values: Iterable<readonly [string, string]>): number => {
  let bytes = 0;
  for (const [key, text] of values) bytes += Buffer.byteLength(key) + Buffer.byteLength(text);
  return bytes;
};
