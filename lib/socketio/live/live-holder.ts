import { IS_LIVE } from "./views.ts";

/** A variable that lives in the table: what stands in it may be anything that the table can keep. */
export class LiveHolder<T = unknown> {
  readonly #read: () => unknown;
  readonly #write: (next: unknown) => void;

  constructor(access: { readonly read: () => unknown; readonly write: (next: unknown) => void }) {
    this.#read = access.read;
    this.#write = access.write;
  }

  get [IS_LIVE](): true {
    return true;
  }

  get value(): T {
    return this.#read() as T;
  }

  set value(next: T) {
    this.#write(next);
  }
}
