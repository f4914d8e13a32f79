import { described } from "../../described.ts";
import { CoreError } from "../../engine/errors.ts";
import { RESERVED_MAPS } from "../../engine/alarms/timer-rows.ts";
import { rejectUnknownOptions } from "../../engine/engine-options.ts";
import type { Runtime } from "../../engine/runtime.ts";
import { currentContext, type Turn } from "../../engine/turn.ts";
import { requireMap } from "../../state/row-limits.ts";
import type { SharedEntry, SharedPage, SharedPlace, SharedRecord } from "../../state/shared-store.ts";
import type { Store } from "../../state/store.ts";
import { recorded } from "../replay/recorded-result.ts";
import { admitOwned, putOwned } from "./owned-entries.ts";
import {
  requireKey,
  toLifetime,
  toRange,
  type SharedKeyRange,
  type SharedSetOptions,
} from "./shared-options.ts";
import { fromSharedValue, toSharedValue } from "./shared-value.ts";

/** How often `update` begins again because somebody else was faster. */
const MAX_CONFLICTS = 40;
const FIRST_WAIT_MS = 5;
const LONGEST_WAIT_MS = 200;

type Change<T> = (value: T | undefined) => T | undefined | Promise<T | undefined>;

/** What a shared map needs of its server. */
export interface SharedPorts {
  /** Throws `core.no_runtime` until the server has been given one. */
  readonly runtime: Runtime;
}

/**
 * A map in the table: what a process keeps in a `Map`, for all instances and beyond their lives. Keys are text of up to
 * 512 bytes of UTF-8, in whose order lists are; values are bytes, or what JSON keeps as it is, up to 350 KB.
 *
 * Reads are consistent, and see what the same turn has written before. In a replay nothing is written, and reads give
 * what they gave in the live run.
 *
 * @example
 * const online = io.shared<{ name: string }>("online");
 * io.on("connection", async (socket) => {
 *   await online.set(socket.id, { name: socket.handshake.auth.name }, { owner: socket });
 * });
 */
export class SharedMap<T = unknown> {
  readonly name: string;
  readonly #ports: SharedPorts;

  /** Throws `core.shared_bad_key`, `state.map_too_long`. */
  constructor(name: string, ports: SharedPorts) {
    if (typeof name !== "string")
      throw new CoreError("core.shared_bad_key", `expected a name that is a string, got ${described(name)}`);
    if (name.startsWith(RESERVED_MAPS))
      throw new CoreError(
        "core.shared_bad_key",
        `expected a name that does not begin with "${RESERVED_MAPS}", where timers are kept, got ${JSON.stringify(name)}`,
      );
    this.name = requireMap(name);
    this.#ports = ports;
  }

  /** One read. */
  async get(key: string): Promise<T | undefined> {
    const place = this.#at(key);
    const read = () => this.#effect((store) => store.getShared(place)).then(toKept);
    const kept = await recorded(read, "ask");
    return kept && (kept.value as T);
  }

  /** One read, of the whole value. */
  async has(key: string): Promise<boolean> {
    const place = this.#at(key);
    const read = () => this.#effect((store) => store.getShared(place)).then((record) => record !== undefined);
    return recorded(read, "ask");
  }

  /**
   * One write, whatever was there before; for an owner two. Rejects with `core.unserialisable`, `core.shared_too_large`,
   * `core.shared_bad_owner`, `core.shared_too_many_owned`, `core.shared_bad_ttl`, `config.unknown_option`,
   * `config.bad_option`.
   */
  async set(key: string, value: T, options: SharedSetOptions = {}): Promise<void> {
    const place = this.#at(key);
    await recorded(async () => {
      const { state, ...lifetime } = toLifetime(options, this.#ports.runtime.clock.nowMs());
      const entry = { value: toSharedValue(value, place), ...lifetime };
      if (state) admitOwned(state, place);
      await this.#effect((store, turn) => {
        const put = () => store.putShared(place, entry);
        return state && entry.owner
          ? putOwned(this.#ports.runtime, turn, state, place, entry.owner, put)
          : put();
      });
    }, "refuse");
  }

  /** Whether there was an entry; after an answer that was lost, perhaps no when there was. One write. */
  async delete(key: string): Promise<boolean> {
    const place = this.#at(key);
    return recorded(() => this.#effect((store) => store.deleteShared(place)), "refuse");
  }

  /**
   * Changes an entry such that nobody's change is lost: what `change` makes of the present value is stored if that is
   * still the present one, else it is called again with the new. Undefined stands for no entry, before and after. Owner
   * and expiry stay. Resolves with what is stored. One read and one write, and as many again for each conflict.
   *
   * Rejects with `core.shared_conflict` after 40 of them, with `core.shared_bad_change` where `change` is no function, and
   * with what it throws.
   */
  async update(key: string, change: Change<T>): Promise<T | undefined>;
  async update(key: string, change: Change<T>, options: unknown = {}): Promise<T | undefined> {
    const place = this.#at(key);
    rejectUnknownOptions("io.shared().update, which keeps owner and expiry", options, []);
    if (typeof change !== "function")
      throw this.#refuse(
        "core.shared_bad_change",
        `a function that makes the next value of the present one, got ${described(change)}`,
      );
    const updated = recorded(async () => ({ value: await this.#change(place, change) }), "refuse");
    // The app may not wait for it, and its turn must: it goes from one stage to the next.
    currentContext()?.turn.track(
      updated.then(
        () => undefined,
        () => undefined,
      ),
    );
    return (await updated).value;
  }

  /**
   * Adds a whole number to an entry that is one, or to 0 where there is none, and resolves with the sum. One write, of
   * which none is ever in the way of another. Rejects with `core.shared_not_a_number`, `core.shared_out_of_range`.
   */
  async increment(key: string, by?: number): Promise<number>;
  async increment(key: string, by = 1, options: unknown = {}): Promise<number> {
    const place = this.#at(key);
    rejectUnknownOptions("io.shared().increment, which keeps owner and expiry", options, []);
    return recorded(async () => {
      if (!Number.isSafeInteger(by))
        throw this.#refuse("core.shared_not_a_number", `a whole number to add, got ${described(by)}`);
      const sum = await this.#effect((store) => store.addShared(place, by));
      if (sum === "not a number")
        throw this.#refuse(
          "core.shared_not_a_number",
          `a whole number under ${JSON.stringify(key)}, got another value`,
        );
      if (sum === "out of range")
        throw this.#refuse(
          "core.shared_out_of_range",
          "a sum that JavaScript keeps exactly, got one beyond 2^53",
        );
      return sum;
    }, "refuse");
  }

  /** Entries in the order of their keys' UTF-8, a request for each MB. */
  async *entries(range: SharedKeyRange = {}): AsyncGenerator<[key: string, value: T], void, undefined> {
    const within = toRange(range);
    let after: string | undefined;
    do {
      const from = after;
      const read = () => this.#effect((store) => store.listShared(this.name, within, from)).then(toListed);
      const page = await recorded(read, "ask");
      yield* page.entries as [string, T][];
      after = page.after;
    } while (after !== undefined);
  }

  async *keys(range?: SharedKeyRange): AsyncGenerator<string, void, undefined> {
    for await (const [key] of this.entries(range)) yield key;
  }

  async *values(range?: SharedKeyRange): AsyncGenerator<T, void, undefined> {
    for await (const [, value] of this.entries(range)) yield value;
  }

  [Symbol.asyncIterator](): AsyncGenerator<[key: string, value: T], void, undefined> {
    return this.entries();
  }

  /** How many entries there are. Reads them all, a request for each MB, and sends none. */
  async count(range: SharedKeyRange = {}): Promise<number> {
    const within = toRange(range);
    return recorded(() => this.#effect((store) => store.countShared(this.name, within)), "ask");
  }

  /** Deletes every entry there is, page by page: one that is put meanwhile may stay. A read a MB, a write for each 25. */
  async clear(): Promise<void> {
    await recorded(
      () =>
        this.#effect(async (store) => {
          let after: string | undefined;
          do {
            const page: SharedPage = await store.listShared(this.name, {}, after);
            await store.deleteManyShared(
              this.name,
              page.entries.map(({ key }) => key),
            );
            after = page.after;
          } while (after !== undefined);
        }),
      "refuse",
    );
  }

  /** Throws `core.shared_bad_key`, `state.key_too_long`: at the call, where it is the handler's mistake. */
  #at(key: string): SharedPlace {
    return { map: this.name, key: requireKey(key) };
  }

  /** Behind the turn's effects so far, and part of it. */
  #effect<R>(stage: (store: Store, turn: Turn) => Promise<R>): Promise<R> {
    const { runtime } = this.#ports;
    const turn = currentContext()?.turn ?? runtime.detached;
    return turn.order(() => stage(runtime.store, turn));
  }

  async #change(place: SharedPlace, change: Change<T>): Promise<T | undefined> {
    const { clock, metrics } = this.#ports.runtime;
    for (let conflicts = 0; conflicts < MAX_CONFLICTS; conflicts++) {
      if (conflicts > 0) {
        metrics.add("SharedConflicts");
        const longestMs = Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** (conflicts - 1));
        await clock.sleep(Math.ceil(Math.random() * longestMs));
      }
      const present = await this.#effect((store) => store.getShared(place));
      const value = await change(present && (fromSharedValue(present.value) as T));
      if (value === undefined && present === undefined) return undefined;
      const next = value === undefined ? undefined : toNext(place, present, value);
      if (await this.#effect((store) => store.replaceShared(place, present, next))) return value;
    }
    throw this.#refuse(
      "core.shared_conflict",
      `an update of ${JSON.stringify(place.key)} to succeed, got ${MAX_CONFLICTS} changes by others in its way; ` +
        "spread what many change over several keys, or count by increment",
    );
  }

  #refuse(code: string, message: string): CoreError {
    return new CoreError(code, `expected in io.shared(${JSON.stringify(this.name)}) ${message}`, {
      evidence: { map: this.name },
    });
  }
}

/** In an object, so that no entry is told from one whose value is null or undefined. */
const toKept = (record: SharedRecord | undefined) => record && { value: fromSharedValue(record.value) };

const toListed = ({ entries, after }: SharedPage) => ({
  entries: entries.map(({ key, value }) => [key, fromSharedValue(value)] as const),
  after,
});

function toNext(place: SharedPlace, present: SharedRecord | undefined, value: unknown): SharedEntry {
  const { expiresAtSeconds, owner } = present ?? toLifetime({}, 0);
  return {
    value: toSharedValue(value, place),
    expiresAtSeconds,
    ...(owner === undefined ? {} : { owner }),
  };
}
