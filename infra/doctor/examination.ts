import path from "node:path";
import type ts from "typescript";
import { findChanges, type Change } from "./changes.ts";
import { Names } from "./names.ts";
import { OwnEvents } from "./own-events.ts";
import type { Place } from "./places.ts";
import { readApp, type App } from "./program.ts";
import { findRoots, type Root } from "./roots.ts";
import { findRunners, type Runners } from "./runners.ts";
import { nodesOf, type FunctionNode } from "./syntax.ts";

/** All that the patterns are looked for in. */
export interface Examination {
  readonly app: App;
  readonly names: Names;
  readonly roots: ReadonlyMap<FunctionNode, Root>;
  readonly runners: Runners;
  readonly ownEvents: OwnEvents;
  readonly changes: readonly Change[];
  isServer(node: ts.Expression): boolean;
  isSocket(node: ts.Expression): boolean;
  /** The roots during which a piece of code runs. */
  rootsOf(owner: FunctionNode | ts.SourceFile): readonly Root[];
  /** What people call the first of them: `"join"`. */
  labelOf(owner: FunctionNode | ts.SourceFile): string;
  /** Of several mentions of one place the one where it is made. */
  placeOfFirst(changes: readonly Change[]): Place | undefined;
}

export function examine(entry: string): Examination {
  const app = readApp(entry);
  const names = new Names(app);
  const { roots, isServer, isSocket } = findRoots(app, names);
  const nodes = app.files.flatMap((file) => [...nodesOf(file)]);
  const ownEvents = new OwnEvents(nodes, names, { isServer, isSocket });
  const runners = findRunners(app, names, { roots }, ownEvents);
  const changes = findChanges(app, names);
  const rootsOf = (owner: FunctionNode | ts.SourceFile) =>
    [...runners.of(owner)].flatMap((root) => roots.get(root) ?? []);
  return {
    app,
    names,
    roots,
    runners,
    ownEvents,
    changes,
    isServer,
    isSocket,
    rootsOf,
    labelOf: (owner) => rootsOf(owner)[0]?.label ?? path.basename(owner.getSourceFile().fileName),
    placeOfFirst: (all) => all.find(({ owner }) => runners.of(owner).size === 0)?.place,
  };
}
