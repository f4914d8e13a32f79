import path from "node:path";
import type { Examination } from "../doctor/examination.ts";
import { findKeptPlaces, type KeptPlace } from "../doctor/kept-places.ts";
import { lineOf } from "../doctor/syntax.ts";
import { formOf } from "./forms.ts";
import type { Insertion } from "./insertion.ts";
import type { Refusal } from "./keep-error.ts";
import { findObstacle } from "./obstacles.ts";
import { findTimerUses } from "./timer-uses.ts";
import type { ValueKind } from "./values.ts";

/** A variable that is kept: in the table of `io.shared`, or with the socket. */
export interface KeptVariable {
  /** Absolute. */
  readonly file: string;
  /** From 1. */
  readonly line: number;
  readonly name: string;
  readonly kind: ValueKind;
  readonly scope: "app" | "socket";
  /** In how many places packets change it. */
  readonly writers: number;
}

/** One that has no meaning in another process: a timer, a client of a database. It stays what it is, and the watch names it. */
export interface LeftVariable {
  readonly file: string;
  readonly line: number;
  readonly name: string;
  readonly what: string;
}

export interface Plan {
  readonly kept: readonly KeptVariable[];
  readonly left: readonly LeftVariable[];
  readonly refused: readonly Refusal[];
  readonly insertions: readonly Insertion[];
}

/** What becomes of each variable that the doctor finds. Names in the table are relative to `root`, and so the same on each machine. */
export function planKeeping(examination: Examination, root: string): Plan {
  const kept: KeptVariable[] = [];
  const left: LeftVariable[] = [];
  const refused: Refusal[] = [];
  const insertions: Insertion[] = [];
  const timerUses = findTimerUses(examination);
  for (const found of findKeptPlaces(examination)) {
    const at = placeInFile(found);
    const obstacle = findObstacle(found, examination);
    if (obstacle !== undefined && "left" in obstacle) {
      left.push({ ...at, what: obstacle.left });
      continue;
    }
    const reason = obstacle ?? timerUses.of(found) ?? formOf(found, { examination, id: idOf(found, root) });
    if ("code" in reason) {
      refused.push({ ...at, ...reason });
      continue;
    }
    insertions.push(...reason.insertions);
    kept.push({
      ...at,
      kind: reason.kind,
      scope: found.isOfListener ? "socket" : "app",
      writers: new Set(found.changes.map(({ node }) => node)).size,
    });
  }
  return { kept, left, refused: merge(refused), insertions };
}

/** Fields of one class that one reason concerns are one refusal. */
function merge(refused: readonly Refusal[]): readonly Refusal[] {
  const groups = new Map<string, Refusal[]>();
  for (const one of refused) {
    const key =
      one.code === "keep.made_often" ? `${one.file} ${one.message}` : `${one.file} ${one.line} ${one.name}`;
    groups.set(key, [...(groups.get(key) ?? []), one]);
  }
  return [...groups.values()].map((group) => {
    const [first] = group as [Refusal, ...Refusal[]];
    return { ...first, name: group.map(({ name }) => name).join(", ") };
  });
}

const placeInFile = ({ place }: KeptPlace) => ({
  file: place.declaration.getSourceFile().fileName,
  line: lineOf(place.declaration),
  name: place.name,
});

/** `src/users.js:users` */
function idOf({ place }: KeptPlace, root: string): string {
  const file = path.relative(root, place.declaration.getSourceFile().fileName).replaceAll(path.sep, "/");
  return `${file}:${place.name.replace(/^(global|globalThis)\./, "global.").replace(/^this\.#?/, "")}`;
}
