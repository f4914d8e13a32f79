import { refuseKey } from "./plain-changes.ts";
import { IS_LIVE } from "./views.ts";

/**
 * A variable that lives in the table: what stands in it may be anything that the table can keep. It has `value`, and nothing
 * else: setting another property throws `core.live_bad_key`.
 */
export class LiveHolder<T = unknown> {
  readonly #title: string;
  readonly #read: () => unknown;
  readonly #write: (next: unknown) => void;

  constructor(
    title: string,
    access: { readonly read: () => unknown; readonly write: (next: unknown) => void },
  ) {
    this.#title = title;
    this.#read = access.read;
    this.#write = access.write;
    Object.preventExtensions(this);
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

  static {
    // Behind what a holder has, so that `value` is as quick as of any object.
    const others = new Proxy(
      {},
      {
        set: (target, key, next, receiver) =>
          typeof receiver === "object" && receiver !== null && #title in receiver
            ? refuseKey(receiver.#title, "one property, value", key)
            : Reflect.set(target, key, next, receiver),
      },
    );
    Object.setPrototypeOf(LiveHolder.prototype, others);
  }
}
