import { AsyncLocalStorage } from "node:async_hooks";

/**
 * What the running code is part of, also after its awaits. One storage for all who keep something of it: each makes every
 * promise of the process dearer. Whoever keeps it knows its type.
 */
interface Running {
  /** Whose work it is, for its log lines. */
  readonly log: object | undefined;
  /** The turn it belongs to. */
  readonly turn: object | undefined;
}

const storage = new AsyncLocalStorage<Running>();

export const runningLog = (): object | undefined => storage.getStore()?.log;

export const runningTurn = (): object | undefined => storage.getStore()?.turn;

export const runWithLog = <T>(log: object, code: () => T): T =>
  storage.run({ log, turn: runningTurn() }, code);

/** Undefined: outside of any. */
export const runWithTurn = <T>(turn: object | undefined, code: () => T): T =>
  storage.run({ log: runningLog(), turn }, code);
