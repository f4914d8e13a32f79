/** Why a variable cannot be kept; each is a heading in `docs/errors.md`. */
export const refusalCodes = [
  "keep.holds_socket",
  "keep.holds_resource",
  "keep.holds_instance",
  "keep.used_by_timer",
  "keep.made_often",
  "keep.unknown_form",
] as const;

export type RefusalCode = (typeof refusalCodes)[number];

/** One variable that cannot be kept. */
export interface Refusal {
  /** Absolute. */
  readonly file: string;
  /** From 1. */
  readonly line: number;
  readonly name: string;
  readonly code: RefusalCode;
  /** What was found, with its line, and what to write instead. */
  readonly message: string;
}

/** Variables that `--keep` cannot keep, all of them. The message has a line for each, paths relative to the working directory. */
export class KeepError extends Error {
  override readonly name = "KeepError";
  readonly refusals: readonly Refusal[];

  constructor(refusals: readonly Refusal[], lines: readonly string[]) {
    super(
      `expected every variable that packets change to be one that --keep can keep, got\n${lines.join("\n")}`,
    );
    this.refusals = refusals;
  }
}
