import type { Stage } from "./stage.ts";

/** What a check cannot do without. */
export const needs = ["token", "app", "fifo", "poll", "edge", "broken", "long"] as const;
export type Need = (typeof needs)[number];

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

export type Outcome =
  | {
      readonly verdict: "as assumed" | "DIFFERENT";
      readonly came: string;
      /** Numbers for the report: milliseconds, counts, rates, named so. */
      readonly measured?: Readonly<Record<string, number>>;
    }
  | { readonly verdict: "not checked"; readonly why: string };

/** A check, how it ended, and how long it took. */
export interface Finding {
  readonly check: Check;
  readonly outcome: Outcome;
  readonly tookMs: number;
}

/** The outcome of a question with two answers. */
export const judge = (
  holds: boolean,
  came: string,
  measured?: Readonly<Record<string, number>>,
): Outcome => ({
  verdict: holds ? "as assumed" : "DIFFERENT",
  came,
  ...(measured === undefined ? {} : { measured }),
});

export const notChecked = (why: string): Outcome => ({ verdict: "not checked", why });

/** The value below which a share of them lies; rounded to a tenth. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  const value = sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
  return Math.round(value * 10) / 10;
}
