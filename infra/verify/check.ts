import type { Need, Outcome } from "./outcome.ts";
import type { Stage } from "./stage.ts";

/** One point that this repository assumes of AWS, with the way to see whether it is so. */
export interface Check {
  readonly id: string;
  readonly title: string;
  /** What is assumed, as the report shows it under `expected`. */
  readonly assumption: string;
  /** Files and documents that rest on it. */
  readonly usedIn: readonly string[];
  readonly needs: readonly Need[];
  /** Resolves with the verdict. Whatever it throws is a difference. */
  run(stage: Stage): Promise<Outcome>;
}

/** A check, how it ended, and how long it took. */
export interface Finding {
  readonly check: Check;
  readonly outcome: Outcome;
  readonly tookMs: number;
}
