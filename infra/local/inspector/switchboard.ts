import type { Switches } from "./inspector-events.ts";

/** What of the runtime may be switched while it runs. Its parts ask at every use. */
export class Switchboard {
  #now: Switches;
  readonly #onChange: (now: Switches, before: Switches) => void;

  constructor(first: Partial<Switches>, onChange: (now: Switches, before: Switches) => void) {
    this.#now = { chaos: 0, antiAffinity: false, freeze: false, throttle: 0, ...first };
    this.#onChange = onChange;
  }

  get now(): Switches {
    return this.#now;
  }

  set(changes: Partial<Switches>): void {
    const before = this.#now;
    this.#now = { ...before, ...changes };
    this.#onChange(this.#now, before);
  }
}

/** The switches that a request names; undefined where one of them is none, or not what it takes. */
export function readSwitches(value: unknown): Partial<Switches> | undefined {
  if (value === null || typeof value !== "object") return undefined;
  const entries = Object.entries(value);
  return entries.length > 0 && entries.every(isSwitch) ? value : undefined;
}

function isSwitch([name, value]: [string, unknown]): boolean {
  switch (name) {
    case "chaos":
    case "throttle":
      return typeof value === "number" && value >= 0 && value <= 1;
    case "antiAffinity":
    case "freeze":
      return typeof value === "boolean";
    default:
      return false;
  }
}
