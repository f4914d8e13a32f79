import type { Clock, Waker } from "../../lib/clock.ts";

/** 1 December 2026. */
const START_MS = Date.UTC(2026, 11, 1);

/**
 * Time that passes when nothing is left to do at this moment, to the next millisecond at which something is. What runs
 * takes no time but what it waits for.
 */
export class VirtualTime implements Clock {
  #nowMs = START_MS;
  readonly #due = new Map<number, (() => void)[]>();
  /** A heap of the milliseconds at which something is due. */
  readonly #order: number[] = [];

  nowMs(): number {
    return this.#nowMs;
  }

  sleep(durationMs: number, waker?: Waker): Promise<void> {
    return new Promise((resolve) => {
      waker?.onWake(resolve);
      this.at(this.#nowMs + durationMs, resolve);
    });
  }

  at(timeMs: number, action: () => void): void {
    const tick = Math.max(this.#nowMs, Math.ceil(timeMs));
    const actions = this.#due.get(tick);
    if (actions !== undefined) {
      actions.push(action);
      return;
    }
    this.#due.set(tick, [action]);
    this.#push(tick);
  }

  /** Lets time pass until that has ended. */
  async run<T>(task: () => Promise<T>): Promise<T> {
    let isOver = false;
    const running = task().finally(() => (isOver = true));
    running.catch(() => undefined);
    for (;;) {
      await new Promise((resolve) => setImmediate(resolve));
      if (isOver) return running;
      const tick = this.#pop();
      if (tick === undefined) throw new Error("expected something to wait for, got nothing that is due");
      this.#nowMs = tick;
      const actions = this.#due.get(tick) ?? [];
      this.#due.delete(tick);
      for (const action of actions) action();
    }
  }

  #push(tick: number): void {
    const heap = this.#order;
    let index = heap.push(tick) - 1;
    while (index > 0) {
      const parent = (index - 1) >> 1;
      const above = at(heap, parent);
      if (above <= tick) break;
      heap[index] = above;
      index = parent;
    }
    heap[index] = tick;
  }

  #pop(): number | undefined {
    const heap = this.#order;
    const [least] = heap;
    const last = heap.pop();
    if (heap.length === 0 || last === undefined) return least;
    let index = 0;
    for (;;) {
      let child = 2 * index + 1;
      if (at(heap, child + 1) < at(heap, child)) child += 1;
      if (at(heap, child) >= last) break;
      heap[index] = at(heap, child);
      index = child;
    }
    heap[index] = last;
    return least;
  }
}

/** Beyond its end nothing is ever due. */
const at = (heap: readonly number[], index: number): number => heap[index] ?? Infinity;
