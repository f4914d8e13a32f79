import { CoreError } from "../errors.ts";

/** What is to ring: one version of one timer. A version that its row does not say any more rings for nobody. */
export interface Alarm {
  /** `timer`: set by the app, once. `every`: begins again by itself. */
  readonly of: "timer" | "every";
  readonly name: string;
  /** Which of the timers of that name; empty for `every`, of which there is one. */
  readonly key: string;
  readonly version: string;
}

/**
 * Wakes somebody later. It counts in durations, by the carrier's clock alone, so that no clock of an instance can make
 * anything ring before it is due.
 */
export interface AlarmClock {
  /**
   * Has the alarm handed to `ringAlarms` at about the time that is asked for, at least once. It may come early, and then
   * says by how much. MUST resolve only when it is durable.
   */
  set(alarm: Alarm, time: AlarmTime): Promise<void>;
  /** Why the deployment has none; undefined where it has. `set` rejects with it. */
  readonly refusal?: CoreError;
}

export interface AlarmTime {
  readonly inMs: number;
  /** The same by the carrier's clock, where that is known. Default: `inMs` after the carrier has got it. */
  readonly dueAtMs?: number;
}

/** An alarm as the carrier hands it over. */
export interface Ringing {
  readonly alarm: Alarm;
  /** The carrier's name for this message, to say which ones failed. */
  readonly id: string;
  /** By the carrier's clock. */
  readonly dueAtMs: number;
  /** How much too early it came; not above 0: it is due. */
  readonly leftMs: number;
}

/** Of a deployment without a carrier. */
export function createMissingAlarms(code: keyof typeof reasons): AlarmClock {
  const refusal = new CoreError(code, reasons[code]);
  return { refusal, set: () => Promise.reject(refusal) };
}

const reasons = {
  "core.timers_off":
    "expected a stack with the parameter timers: true, whose queue wakes timers, got one without",
  "core.timers_unordered":
    "expected a stack with ordering: fifo, by whose queue one handler of a timer runs at a time, got direct ordering",
} as const;
