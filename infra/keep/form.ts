import type { Examination } from "../doctor/examination.ts";
import type { Insertion } from "./insertion.ts";
import type { ValueKind } from "./values.ts";

/** What is written in the place of what an app has, so that one of its variables is kept. */
export interface Form {
  readonly kind: ValueKind;
  readonly insertions: readonly Insertion[];
}

export interface FormContext {
  readonly examination: Examination;
  /** Under which it is kept. */
  readonly id: string;
}

/** Under this name a file that is rewritten finds what generated code calls. */
export const RUNTIME = "nonsticky$keep";
