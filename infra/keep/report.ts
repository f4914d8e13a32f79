import path from "node:path";
import type { Refusal } from "./keep-error.ts";
import type { Plan } from "./plan.ts";

/** A line for each variable: `server.js:4 kept users (object, 3 writers)`. Paths are relative to `from`. */
export function toLines(
  { kept, left }: Pick<Plan, "kept" | "left">,
  from = process.cwd(),
): readonly string[] {
  return [
    ...kept.map(({ file, line, name, kind, scope, writers }) => {
      const what = scope === "socket" ? `${kind} of each socket` : kind;
      return `${path.relative(from, file)}:${line} kept ${name} (${what}, ${counted(writers, "writer")})`;
    }),
    ...left.map(
      ({ file, line, name, what }) =>
        `${path.relative(from, file)}:${line} left ${name} where it is: it is ${what}`,
    ),
  ];
}

/** For programs: as the lines say it, paths relative to `from`. */
export const toReport = ({ kept, left }: Pick<Plan, "kept" | "left">, from: string) => ({
  kept: kept.map((one) => ({ ...one, file: path.relative(from, one.file) })),
  left: left.map((one) => ({ ...one, file: path.relative(from, one.file) })),
});

export const describeRefusal = ({ file, line, name, code, message }: Refusal, from = process.cwd()): string =>
  `${path.relative(from, file)}:${line} ${name} (${code}): ${message}`;

const counted = (count: number, what: string): string => `${count} ${what}${count === 1 ? "" : "s"}`;
