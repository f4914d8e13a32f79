import type { Server, Socket } from "socket.io";

interface Entry {
  readonly value: unknown;
  readonly owner?: Socket | undefined;
}

interface Range {
  readonly prefix?: string;
  readonly from?: string;
  readonly to?: string;
}

/**
 * What `io.shared` promises, on the official server: a `Map` of its one process. The plainest code that keeps the promise,
 * for the same scripts to be played to.
 */
export class PeerMap {
  readonly #entries = new Map<string, Entry>();

  async get(key: string): Promise<unknown> {
    return copy(this.#entries.get(key)?.value);
  }

  async has(key: string): Promise<boolean> {
    return this.#entries.has(key);
  }

  async set(key: string, value: unknown, { owner }: { readonly owner?: Socket } = {}): Promise<void> {
    const entry = { value: copy(value), owner };
    this.#entries.set(key, entry);
    // Before the app's own listeners: gone between `disconnecting` and `disconnect`.
    owner?.prependListener("disconnect", () => {
      if (this.#entries.get(key)?.owner === owner) this.#entries.delete(key);
    });
  }

  async delete(key: string): Promise<boolean> {
    return this.#entries.delete(key);
  }

  async update(key: string, change: (old: unknown) => unknown): Promise<unknown> {
    for (;;) {
      const before = this.#entries.get(key);
      const value = copy(await change(copy(before?.value)));
      if (this.#entries.get(key) !== before) continue;
      if (value === undefined) this.#entries.delete(key);
      else this.#entries.set(key, { value, owner: before?.owner });
      return copy(value);
    }
  }

  async increment(key: string, by = 1): Promise<number> {
    const before = this.#entries.get(key);
    const number = before?.value ?? 0;
    if (!Number.isSafeInteger(number) || !Number.isSafeInteger(by)) throw refusal("core.shared_not_a_number");
    const value = (number as number) + by;
    if (!Number.isSafeInteger(value)) throw refusal("core.shared_out_of_range");
    this.#entries.set(key, { value, owner: before?.owner });
    return value;
  }

  async *entries(range: Range = {}): AsyncGenerator<[string, unknown]> {
    const { prefix = "", from, to } = range;
    const keys = [...this.#entries.keys()].filter(
      (key) =>
        key.startsWith(prefix) &&
        (from === undefined || compare(key, from) >= 0) &&
        (to === undefined || compare(key, to) <= 0),
    );
    for (const key of keys.toSorted(compare)) yield [key, copy(this.#entries.get(key)?.value)];
  }

  async *keys(range?: Range): AsyncGenerator<string> {
    for await (const [key] of this.entries(range)) yield key;
  }

  async *values(range?: Range): AsyncGenerator<unknown> {
    for await (const [, value] of this.entries(range)) yield value;
  }

  async count(range?: Range): Promise<number> {
    const keys: string[] = [];
    for await (const key of this.keys(range)) keys.push(key);
    return keys.length;
  }

  async clear(): Promise<void> {
    this.#entries.clear();
  }
}

/** A server with shared maps: ours as it is, the official one with those of its process. */
export function toSharing(io: Server): Server & { shared(name: string): PeerMap } {
  if ("shared" in io) return io as ReturnType<typeof toSharing>;
  const maps = new Map<string, PeerMap>();
  const shared = (name: string): PeerMap => {
    const map = maps.get(name) ?? new PeerMap();
    maps.set(name, map);
    return map;
  };
  return Object.assign(io, { shared });
}

const copy = (value: unknown): unknown => {
  if (value === undefined) return undefined;
  return ArrayBuffer.isView(value)
    ? Buffer.from(value as Uint8Array)
    : (JSON.parse(JSON.stringify(value)) as unknown);
};

const compare = (a: string, b: string): number => Buffer.compare(Buffer.from(a), Buffer.from(b));

const refusal = (code: string): Error => Object.assign(new Error(code), { code });
