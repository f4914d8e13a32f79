/** What a check cannot do without. */
export const needs = ["token", "app", "fifo", "poll", "edge", "broken", "long"] as const;
export type Need = (typeof needs)[number];

export type Outcome =
  | {
      readonly verdict: "as assumed" | "DIFFERENT";
      readonly came: string;
      /** Numbers for the report: milliseconds, counts, rates, named so. */
      readonly measured?: Readonly<Record<string, number>>;
    }
  | { readonly verdict: "not checked"; readonly why: string };

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
