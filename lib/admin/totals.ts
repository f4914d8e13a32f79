import type { NamespaceEvent } from "./page-events.ts";

/** So many kinds of events in so many seconds: what nobody has taken by then is of no use to a picture of ten minutes. */
const MAX_KEPT = 600;

/** What this instance has seen, by second and type, since it was last asked. */
export class Totals {
  readonly #events = new Map<string, { event: NamespaceEvent; count: number }>();

  add(nowMs: number, type: string, { count = 1, subType }: { count?: number; subType?: string } = {}): void {
    const timestamp = nowMs - (nowMs % 1000);
    const key = `${timestamp};${type};${subType ?? ""}`;
    const known = this.#events.get(key);
    if (known) {
      known.count += count;
      return;
    }
    if (this.#events.size >= MAX_KEPT) return;
    const event = { timestamp, type, ...(subType === undefined ? {} : { subType }), count: 0 };
    this.#events.set(key, { event, count });
  }

  take(): NamespaceEvent[] {
    const taken = [...this.#events.values()].map(({ event, count }) => ({ ...event, count }));
    this.clear();
    return taken;
  }

  clear(): void {
    this.#events.clear();
  }
}
