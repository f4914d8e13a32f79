import { readFileSync } from "node:fs";
import path from "node:path";
import { applyEdits } from "./apply-edits.ts";
import type { Edit, Finding } from "./finding.ts";

const NOTHING =
  "nothing found: what of the app can be followed relies on no process that stays; nonsticky dev looks while it runs";

/** For people: each finding with its place, its reason, and its rewrite as a diff. Paths are relative to `from`. */
export function toText(findings: readonly Finding[], from = process.cwd()): string {
  if (findings.length === 0) return NOTHING;
  const blocks = findings.map(({ file, line, pattern, name, message, fix }) =>
    [
      `${path.relative(from, file)}:${line} ${pattern} ${name}`,
      `  ${message}`,
      ...(fix ? toDiff(fix) : []),
    ].join("\n"),
  );
  const mechanical = findings.filter(({ fix }) => fix !== undefined).length;
  const files = new Set(findings.map(({ file }) => file)).size;
  const count = `${counted(findings.length, "finding")} in ${counted(files, "file")}`;
  return [...blocks, mechanical === 0 ? count : `${count}; --fix rewrites ${mechanical} of them`].join(
    "\n\n",
  );
}

/** For programs. Lines count from 1. */
export function toJson(findings: readonly Finding[], from = process.cwd()): string {
  const plain = findings.map(({ file, line, pattern, name, message }) => ({
    file: path.relative(from, file),
    line,
    pattern,
    name,
    message,
  }));
  return JSON.stringify({ findings: plain });
}

const counted = (count: number, what: string): string => `${count} ${what}${count === 1 ? "" : "s"}`;

/** The lines that edits touch, as they are and as they would be. */
function toDiff(edits: readonly Edit[]): readonly string[] {
  const [{ file }] = edits as readonly [Edit, ...Edit[]];
  const text = readFileSync(file, "utf8");
  const lineAt = (offset: number) => text.slice(0, offset).split("\n").length - 1;
  const lines = text.split("\n");
  const starts = lines.map((_, index) =>
    lines.slice(0, index).reduce((sum, line) => sum + line.length + 1, 0),
  );
  const hunks = new Map<number, Edit[]>();
  for (const edit of edits.toSorted((one, other) => one.start - other.start)) {
    const line = lineAt(edit.start);
    hunks.set(line, [...(hunks.get(line) ?? []), edit]);
  }
  return [...hunks].flatMap(([line, own]) => {
    const last = Math.max(...own.map(({ end }) => lineAt(end)));
    const start = starts[line] ?? 0;
    const before = lines.slice(line, last + 1);
    const moved = own.map((edit) => ({ ...edit, start: edit.start - start, end: edit.end - start }));
    const after = applyEdits(before.join("\n"), moved);
    return [
      ...before.map((each) => `  - ${each.trim()}`),
      ...(after === "" ? [] : after.split("\n").map((each) => `  + ${each.trim()}`)),
    ];
  });
}
