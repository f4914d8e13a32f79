import { endOfTick } from "../../engine/end-of-tick.ts";
import type { Turn } from "../../engine/turn.ts";
import type { Change } from "./change.ts";
import { isRepeatable } from "./writers.ts";

/** What turns have changed that is stored together. */
export interface Group {
  readonly turns: ReadonlySet<Turn>;
  /** Of a turn whose letter may come again: how often it had begun to write. */
  readonly strokes: ReadonlyMap<Turn, number>;
}

/** How changes get from the present into the table. */
export interface GroupPorts {
  /** What has changed since it was last asked, by whomever. */
  collect(group: Group): readonly Change[];
  store(group: Group, changes: readonly Change[]): Promise<void>;
}

/**
 * The writes of an instance, one behind the other. What its turns change until the tick ends, or until the write before
 * has ended, is one group. A turn whose letter may come again is a group by itself: whether it was stored says nothing of others.
 */
export class Groups {
  readonly #ports: GroupPorts;
  readonly #pending = new WeakMap<Turn, Promise<void>>();
  #open: OpenGroup | undefined;
  #last: Promise<unknown> = Promise.resolve();

  constructor(ports: GroupPorts) {
    this.#ports = ports;
  }

  /** Before a turn writes. From then on nothing that it does happens before that is stored. */
  join(turn: Turn, stroke: number): void {
    if (this.#open && !isOpenTo(this.#open, turn)) this.#seal(this.#open);
    const group = (this.#open ??= this.#begin());
    if (isRepeatable(turn)) group.strokes.set(turn, stroke);
    if (group.turns.has(turn)) return;
    group.turns.add(turn);
    this.#pending.set(turn, group.done);
    turn.track(group.done);
    const clear = () => {
      if (this.#pending.get(turn) === group.done) this.#pending.delete(turn);
    };
    group.done.then(clear, clear);
  }

  /** Resolves when everything that the turn has changed so far is stored; undefined: it is. */
  pendingOf(turn: Turn): Promise<void> | undefined {
    return this.#pending.get(turn);
  }

  /** Whether what the turn goes on to change until the tick ends is stored with what it has. */
  isOpenFor(turn: Turn): boolean {
    return this.#open?.turns.has(turn) ?? false;
  }

  #begin(): OpenGroup {
    const run = async () => {
      await endOfTick();
      this.#seal(group);
      await this.#ports.store(group, group.changes ?? []);
    };
    const done = this.#last.then(run, run);
    const group: OpenGroup = { turns: new Set(), strokes: new Map(), changes: undefined, done };
    this.#last = done;
    // Whoever is held by it hears of it.
    done.catch(() => undefined);
    return group;
  }

  #seal(group: OpenGroup): void {
    group.changes ??= this.#ports.collect(group);
    if (this.#open === group) this.#open = undefined;
  }
}

interface OpenGroup extends Group {
  readonly turns: Set<Turn>;
  readonly strokes: Map<Turn, number>;
  /** Undefined until they are looked for. */
  changes: readonly Change[] | undefined;
  readonly done: Promise<void>;
}

const isOpenTo = ({ turns, strokes }: OpenGroup, turn: Turn): boolean =>
  turns.has(turn) || (strokes.size === 0 && !isRepeatable(turn));
