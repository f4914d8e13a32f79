import { realpathSync } from "node:fs";
import path from "node:path";
import type { Plugin } from "esbuild";
import { examine } from "../doctor/examination.ts";
import { KeepError } from "./keep-error.ts";
import { keepRuntime } from "./keep-runtime.ts";
import { planKeeping, type KeptVariable, type LeftVariable } from "./plan.ts";
import { describeRefusal } from "./report.ts";
import { rewrite } from "./rewrite.ts";

/** An app whose variables are kept. */
export interface KeptApp {
  /** The files that are other than on the disk, by their absolute paths: what they say now, with maps to what they said. */
  readonly contents: ReadonlyMap<string, string>;
  /** For esbuild, where any file is: none otherwise, so that a bundle is the same as without. */
  readonly plugins: readonly Plugin[];
  readonly kept: readonly KeptVariable[];
  /** What stays in its process. */
  readonly left: readonly LeftVariable[];
}

/**
 * Makes what packets change in an app's variables last: those of modules in the table, those of the connection listener with
 * the socket. Nothing is written. Throws a `KeepError` that names all variables for which that cannot be done, and a
 * `DoctorError` for an app that cannot be read.
 */
export function keepVariables(appFile: string): KeptApp {
  const file = realpathSync(appFile);
  const examination = examine(file);
  const { kept, left, refused, insertions } = planKeeping(examination, path.dirname(file));
  if (refused.length > 0)
    throw new KeepError(
      refused,
      refused.map((one) => describeRefusal(one)),
    );
  const contents = new Map<string, string>();
  for (const source of examination.app.files) {
    const own = insertions.filter((one) => one.file === source.fileName);
    if (own.length > 0) contents.set(realpathSync(source.fileName), rewrite(source, own));
  }
  return { contents, plugins: contents.size === 0 ? [] : [keepRuntime], kept, left };
}
