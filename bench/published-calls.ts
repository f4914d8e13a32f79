import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { operationNames } from "../infra/cost/operations.ts";
import type { Counted } from "./operation.ts";

/** What `nonsticky cost` reckons with: part of the package, which the bench is not. */
const file = fileURLToPath(new URL("../infra/cost/calls.json", import.meta.url));

type Published = Readonly<Record<string, Counted>>;
type Row = Counted & { readonly operation: string };

/** Counted in real time, which on a busy machine makes them fewer. */
const isTimed = (operation: string): boolean => operation.startsWith("idle poll");

/** Whether the counts are those that bills are reckoned with; prints each that is not. */
export function isPublished(rows: readonly Row[]): boolean {
  const published = JSON.parse(readFileSync(file, "utf8")) as Published;
  const counted = toPublished(rows);
  const complaints = operationNames.flatMap((operation) => {
    const [before, now] = [published[operation], counted[operation]];
    if (before !== undefined && now !== undefined && isSame(operation, before, now)) return [];
    return [`${operation}: expected ${JSON.stringify(before)}, got ${JSON.stringify(now)}`];
  });
  if (complaints.length === 0) return true;
  console.error(
    [
      "expected the counts of infra/cost/calls.json; if these are right: npm run bench:calls -- --write",
      ...complaints,
    ].join("\n  "),
  );
  return false;
}

export function writePublished(rows: readonly Row[]): void {
  const before = JSON.parse(readFileSync(file, "utf8")) as Published;
  const counted = Object.entries(toPublished(rows)).map(([operation, now]) => {
    const known = before[operation];
    // A busy machine has counted too few.
    const isFewer = known !== undefined && isTimed(operation) && isSame(operation, known, now);
    return [operation, isFewer ? known : now];
  });
  writeFileSync(file, `${JSON.stringify(Object.fromEntries(counted), undefined, 2)}\n`);
}

const toPublished = (rows: readonly Row[]): Published =>
  Object.fromEntries(
    operationNames.flatMap((name) => {
      const row = rows.find(({ operation }) => operation === name);
      return row === undefined ? [] : [[name, toCounted(row)]];
    }),
  );

const toCounted = (row: Row): Counted => {
  const { reads, writes, posts, sends, invokes, readUnits, writeUnits } = row;
  return { reads, writes, posts, sends, invokes, readUnits, writeUnits };
};

function isSame(operation: string, before: Counted, now: Counted): boolean {
  return (Object.keys(now) as (keyof Counted)[]).every((name) =>
    isTimed(operation) ? now[name] <= before[name] : now[name] === before[name],
  );
}
