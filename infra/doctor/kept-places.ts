import ts from "typescript";
import { isCache } from "./caches.ts";
import { isLazy, type Change } from "./changes.ts";
import type { Examination } from "./examination.ts";
import { isLeftAlone } from "./left-alone.ts";
import { classOf, isOfGlobal, valueOf, type Place } from "./places.ts";
import type { Root } from "./roots.ts";
import {
  isAssignment,
  isFunction,
  isInside,
  isStep,
  memberOf,
  methodOf,
  nodesOf,
  ownerOf,
  type FunctionNode,
} from "./syntax.ts";

/** A variable, a field or a property of `global` that one packet changes for another one to find: that one may run elsewhere. */
export interface KeptPlace {
  readonly place: Place;
  /** Each is by a packet, and seen by others. */
  readonly changes: readonly [Change, ...Change[]];
  /** Those as well that are made while the app is loaded. */
  readonly allChanges: readonly Change[];
  /** The connection listener makes it anew each time. */
  readonly isOfListener: boolean;
}

export function findKeptPlaces(examination: Examination): readonly KeptPlace[] {
  const byPlace = new Map<ts.Symbol | string, Change[]>();
  for (const change of examination.changes) {
    byPlace.set(change.place.key, [...(byPlace.get(change.place.key) ?? []), change]);
  }
  return [...byPlace.values()].flatMap((changes) => toKeptPlace(changes, examination) ?? []);
}

function toKeptPlace(all: readonly Change[], examination: Examination): KeptPlace | undefined {
  const { runners, names } = examination;
  const [{ place: mentioned }] = all as readonly [Change, ...Change[]];
  const place = examination.placeOfFirst(all) ?? mentioned;
  const [first, ...others] = all.filter(
    (change) => crossesPackets(change, examination) && !isLastOfListener(change, examination),
  );
  if (first === undefined || isLeftAlone(place.declaration)) return undefined;
  const byPackets = all.filter(({ owner }) => runners.of(owner).size > 0);
  if (isCache(byPackets, names) || !isRead(place, all, examination) || isPutBack(place, all))
    return undefined;
  const isOfListener = homeOf(place, runners).size > 0;
  return { place, changes: [first, ...others], allChanges: all, isOfListener };
}

/** One run of the app's code changes it, and what made it is another run. */
function crossesPackets({ owner, place }: Change, { runners }: Examination): boolean {
  const changing = runners.of(owner);
  // What a constructor sets is new with its object.
  if (changing.size === 0 || (place.kind === "field" && ts.isConstructorDeclaration(owner))) return false;
  const home = homeOf(place, runners);
  return [...changing].some((root) => !home.has(root));
}

/** `disconnecting` and `disconnect` run on one run of the listener, and nothing comes after them. */
function isLastOfListener({ owner, place }: Change, examination: Examination): boolean {
  const isGoodbye = ({ kind, label }: Root) => kind === "handler" && /^"disconnect(ing)?"$/.test(label);
  return homeOf(place, examination.runners).size > 0 && examination.rootsOf(owner).every(isGoodbye);
}

/** The roots in whose run the place is made each time; none for what is made when the app is loaded. */
function homeOf(place: Place, runners: Examination["runners"]): ReadonlySet<FunctionNode> {
  if (place.kind === "global") return new Set();
  if (place.kind === "field") {
    const made = classOf(place.declaration);
    return (made && runners.ofMaking(made)) ?? new Set();
  }
  return runners.of(ownerOf(place.declaration));
}

/** Somebody's packet, request or tick looks at what another one has left: what is written only, nobody misses. */
function isRead(place: Place, changes: readonly Change[], { names, runners, app }: Examination): boolean {
  const mentions =
    typeof place.key === "string"
      ? app.files.flatMap((file) =>
          [...nodesOf(file)].filter((node) => isMentionOf(node, place) && !isDeclared(node, names)),
        )
      : names.referencesTo(place.key);
  return mentions.some(
    (node) => runners.of(ownerOf(node)).size > 0 && !isWrittenOnly(node) && !isSetBefore(node, changes),
  );
}

/** Set anew by the same run, in a block around it: then it is nothing more than a local variable. */
const isSetBefore = (mention: ts.Node, changes: readonly Change[]): boolean =>
  changes.some(({ node, isWhole, value, owner }) => {
    if (!isWhole || value === undefined || (isAssignment(node) && isLazy(node))) return false;
    // A handler in it runs when others have run.
    if (ts.isConstructorDeclaration(owner) && ownerOf(mention) !== owner) return false;
    if (ts.isForStatement(node.parent)) {
      const isBehind = node.parent.getEnd() <= mention.getStart() && isInside(mention, node.parent.parent);
      return node.parent.initializer === node && (isBehind || isInside(mention, node.parent));
    }
    if (!ts.isExpressionStatement(node.parent)) return false;
    return (
      isInside(mention, node.parent.parent) &&
      !ts.isSourceFile(node.parent.parent) &&
      node.getEnd() <= mention.getStart()
    );
  });

/** Set for the length of one run, and set back at its end: nothing can come between, unless the run waits. */
function isPutBack(place: Place, changes: readonly Change[]): boolean {
  const before = valueOf(place)?.getText();
  if (before === undefined || !/^(true|false|null|\d+|"[^"]*"|'[^']*')$/.test(before)) return false;
  return [...groupByOwner(changes)].every(([owner, own]) => {
    const last = own.at(-1);
    if (!isFunction(owner) || last?.value?.getText() !== before || !last.isWhole) return false;
    const isOfBody = ts.isExpressionStatement(last.node.parent) && last.node.parent.parent === owner.body;
    const leaves = [...nodesOf(owner)].some(
      (node) =>
        (ts.isAwaitExpression(node) || ts.isReturnStatement(node) || ts.isYieldExpression(node)) &&
        node.getStart() > (own[0]?.node.getStart() ?? 0) &&
        node.getStart() < last.node.getStart(),
    );
    return isOfBody && !leaves;
  });
}

function groupByOwner(changes: readonly Change[]): ReadonlyMap<Change["owner"], readonly Change[]> {
  const groups = new Map<Change["owner"], Change[]>();
  for (const change of changes) groups.set(change.owner, [...(groups.get(change.owner) ?? []), change]);
  return groups;
}

const isMentionOf = (node: ts.Node, { key }: Place): boolean =>
  memberOf(node) === undefined
    ? ts.isIdentifier(node) && key === `global:${node.text}` && !isMemberName(node)
    : /^(global|globalThis)$/.test((node as ts.PropertyAccessExpression).expression.getText()) &&
      key === `global:${memberOf(node)}`;

const isMemberName = (node: ts.Identifier): boolean =>
  ts.isPropertyAccessExpression(node.parent) && node.parent.name === node;

/** Another thing of the same name. */
function isDeclared(node: ts.Node, names: Examination["names"]): boolean {
  const declaration = ts.isIdentifier(node) ? names.symbolOf(node)?.valueDeclaration : undefined;
  return declaration !== undefined && !isOfGlobal(declaration);
}

function isWrittenOnly(mention: ts.Node): boolean {
  let at = mention;
  while (
    (ts.isPropertyAccessExpression(at.parent) && (at.parent.name === at || at.parent.expression === at)) ||
    (ts.isElementAccessExpression(at.parent) && at.parent.expression === at)
  ) {
    at = at.parent;
  }
  const { parent } = at;
  const isStatement = ts.isExpressionStatement(parent.parent);
  if (isAssignment(parent)) return parent.left === at && isStatement;
  if (isStep(parent) || ts.isDeleteExpression(parent)) return isStatement;
  if (!ts.isCallExpression(parent) || parent.expression !== at) return false;
  return isStatement && ["push", "unshift", "set", "add", "delete", "clear"].includes(methodOf(parent) ?? "");
}
