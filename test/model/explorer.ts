import { EVERYTHING, Schedule, type Pending, type Step } from "./schedule.ts";

/** Sets a world up, starts its processes, and returns what is asked of the world when nothing more can happen. */
export type Model = (schedule: Schedule) => Check | Promise<Check>;

/** What is wrong with the final state, in words; undefined when nothing is. */
export type Check = () => string | undefined | Promise<string | undefined>;

export interface Verdict {
  /** Runs to the end, no two of which differ only in the order of steps that commute. */
  readonly schedules: number;
  /** Runs given up because what was left of them had been seen. */
  readonly abandoned: number;
  /** False when the limit came first. */
  readonly complete: boolean;
  /** The violation with the fewest steps. */
  readonly violation?: { readonly message: string; readonly story: readonly string[] };
}

export interface ExploreOptions {
  /** More runs than this are not made. Default 20 000. */
  readonly limit?: number;
  /** Stops at the first violation: for controls, which only show that there is one. */
  readonly untilViolated?: boolean;
  /** False: every order of every step, to check the reduction against. Default true. */
  readonly reduce?: boolean;
}

interface Node {
  readonly enabled: readonly Pending[];
  /** Steps whose schedules from here were seen from an earlier node. */
  readonly sleep: readonly Step[];
  readonly backtrack: Set<string>;
  readonly done: Step[];
  chosen: Pending;
  /** Indexes of the steps that the chosen one depends on, directly or not. */
  before: Set<number>;
  /** All steps before this index precede all after it: nothing else could happen then. */
  readonly barrier: number;
}

const MAX_STEPS = 500;

/**
 * Runs a model under every schedule that can make a difference, each from the start: depth first, choosing one step
 * at a time. Two reductions, both of which keep at least one of any schedules that end alike:
 *
 * - Backtrack points (Flanagan and Godefroid, 2005) are set only where a step could have come before an earlier one it
 *   does not commute with.
 * - Sleep sets (Godefroid, 1996) leave out a step whose subtree was searched from a node before, until something it
 *   does not commute with has happened.
 *
 * Therefore a check may ask about the final state, and about the order of things within one process, and not about
 * the order of steps that commute.
 */
export async function explore(model: Model, options: ExploreOptions = {}): Promise<Verdict> {
  const { limit = 20_000, untilViolated = false, reduce = true } = options;
  const stack: Node[] = [];
  let schedules = 0;
  let abandoned = 0;
  let violation: Verdict["violation"];
  for (;;) {
    if (schedules + abandoned >= limit) return toVerdict(schedules, abandoned, false, violation);
    const outcome = await runOnce(model, stack, reduce);
    if (outcome === "abandoned") abandoned += 1;
    else {
      schedules += 1;
      const { message, story } = outcome;
      if (message !== undefined && story.length < (violation?.story.length ?? Infinity)) {
        violation = { message, story };
      }
      if (violation && untilViolated) return toVerdict(schedules, abandoned, true, violation);
    }
    if (!backtrack(stack)) return toVerdict(schedules, abandoned, true, violation);
  }
}

/** The violation as a test failure shows it. */
export const describeViolation = ({ violation }: Verdict): string =>
  violation === undefined ? "" : [violation.message, ...violation.story].join("\n    ");

async function runOnce(
  model: Model,
  stack: Node[],
  reduce: boolean,
): Promise<"abandoned" | { readonly message: string | undefined; readonly story: readonly string[] }> {
  const schedule = new Schedule();
  const check = await model(schedule);
  const known = stack.length;
  let barrier = 0;
  for (let depth = 0; ; depth += 1) {
    await settled();
    while (schedule.enabled.length === 0 && schedule.advance()) {
      barrier = depth;
      await settled();
    }
    const { enabled } = schedule;
    if (enabled.length === 0) {
      if (reduce) markDisabled(stack.at(-1), enabled);
      break;
    }
    if (depth >= MAX_STEPS)
      throw new Error(`expected at most ${MAX_STEPS} steps, got\n${schedule.story.join("\n")}`);
    if (depth >= known) {
      if (reduce) {
        markDisabled(stack.at(-1), enabled);
        for (const step of enabled) markRace(stack, step, barrier);
      }
      const node = createNode(stack, enabled, barrier, reduce);
      if (node === undefined) return "abandoned";
      stack.push(node);
    }
    const node = stack[depth]!;
    if (depth < known) assertSame(node, enabled);
    if (depth >= known - 1) node.before = toBefore(stack, depth);
    schedule.carryOut(node.chosen.id);
  }
  for (const failure of schedule.failures) throw failure;
  const message = await check();
  return { message, story: schedule.story };
}

/** Microtasks, including those they add, run before an immediate does. */
const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

function createNode(
  stack: readonly Node[],
  enabled: readonly Pending[],
  barrier: number,
  reduce: boolean,
): Node | undefined {
  const parent = stack.at(-1);
  const asleep = parent && reduce ? [...parent.sleep, ...parent.done] : [];
  const sleep = asleep.filter((step) => commute(step, parent!.chosen));
  const chosen = enabled.find((step) => !sleep.some(({ id }) => id === step.id));
  if (chosen === undefined) return undefined;
  const backtrack = new Set(reduce ? [chosen.id] : enabled.map(({ id }) => id));
  return { enabled, sleep, backtrack, done: [], chosen, before: new Set(), barrier };
}

/** Moves the deepest node that has something left to its next choice. False when there is none. */
function backtrack(stack: Node[]): boolean {
  for (let node = stack.at(-1); node !== undefined; node = stack.at(-1)) {
    const { sleep, done } = node;
    done.push(node.chosen);
    const isSpent = ({ id }: Step) => [...done, ...sleep].some((other) => other.id === id);
    const next = node.enabled.find((step) => node.backtrack.has(step.id) && !isSpent(step));
    if (next) {
      node.chosen = next;
      return true;
    }
    stack.pop();
  }
  return false;
}

/**
 * If the step could have come before the last one it does not commute with, that order must be seen, too. Where it was
 * not possible yet at that point, whatever leads to it is tried first.
 */
function markRace(stack: readonly Node[], step: Pending, barrier: number): void {
  const cause = step.createdAfter - 1;
  const causes = new Set(cause >= 0 ? [cause, ...stack[cause]!.before] : []);
  for (let index = stack.length - 1; index >= barrier; index -= 1) {
    const node = stack[index]!;
    if (commute(node.chosen, step)) continue;
    if (causes.has(index)) continue;
    const isPossible = (id: string) => node.enabled.some((other) => other.id === id);
    if (isPossible(step.id)) {
      node.backtrack.add(step.id);
      return;
    }
    // The first of them: one that comes later may be asleep until that has happened.
    const lead = [...causes]
      .toSorted((a, b) => a - b)
      .find((after) => after > index && isPossible(stack[after]!.chosen.id));
    if (lead !== undefined) node.backtrack.add(stack[lead]!.chosen.id);
    else for (const { id } of node.enabled) node.backtrack.add(id);
    return;
  }
}

/** A step that the last one has made impossible, as a crash does, is in a race with it that shows only here. */
function markDisabled(last: Node | undefined, enabled: readonly Step[]): void {
  for (const { id } of last?.enabled ?? []) {
    if (!enabled.some((step) => step.id === id)) last?.backtrack.add(id);
  }
}

function toBefore(stack: readonly Node[], depth: number): Set<number> {
  const { chosen, barrier } = stack[depth]!;
  const before = new Set<number>();
  for (let index = 0; index < barrier; index += 1) before.add(index);
  const include = (index: number) => {
    before.add(index);
    for (const earlier of stack[index]!.before) before.add(earlier);
  };
  if (chosen.createdAfter > 0) include(chosen.createdAfter - 1);
  for (let index = depth - 1; index >= barrier; index -= 1) {
    if (!before.has(index) && !commute(stack[index]!.chosen, chosen)) include(index);
  }
  return before;
}

function commute(a: Step, b: Step): boolean {
  if (a.process === b.process) return false;
  return a.touches.every((mine) =>
    b.touches.every((other) => !(mine.writes || other.writes) || !overlap(mine.what, other.what)),
  );
}

const overlap = (a: string, b: string): boolean =>
  a === b || a === EVERYTHING || b === EVERYTHING || a.startsWith(`${b}|`) || b.startsWith(`${a}|`);

function assertSame(node: Node, enabled: readonly Pending[]): void {
  const isSame =
    enabled.length === node.enabled.length && enabled.every(({ id }, i) => id === node.enabled[i]?.id);
  if (isSame) return;
  const list = (steps: readonly Step[]) => steps.map(({ id }) => id).join(", ");
  throw new Error(`expected a deterministic model with ${list(node.enabled)}, got ${list(enabled)}`);
}

const toVerdict = (
  schedules: number,
  abandoned: number,
  complete: boolean,
  violation: Verdict["violation"],
): Verdict => ({ schedules, abandoned, complete, ...(violation ? { violation } : {}) });
