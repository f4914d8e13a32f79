import ts from "typescript";
import type { Names } from "./names.ts";
import type { OwnEvents } from "./own-events.ts";
import type { App } from "./program.ts";
import { calledBy, decoratorsOf, type Roots } from "./roots.ts";
import { bare, isFunction, nodesOf, ownerOf, type FunctionNode } from "./syntax.ts";

type Owner = FunctionNode | ts.SourceFile;

/** Which roots run a piece of code: themselves, what stands in them, and what they call. None: it runs when the app is loaded. */
export interface Runners {
  of(owner: Owner): ReadonlySet<FunctionNode>;
  /** The roots during which an object of a class is made; undefined where that is also done at loading, or by somebody else. */
  ofMaking(made: ts.ClassLikeDeclaration): ReadonlySet<FunctionNode> | undefined;
}

const none: ReadonlySet<FunctionNode> = new Set();

export function findRunners(
  { files }: App,
  names: Names,
  { roots }: Pick<Roots, "roots">,
  ownEvents: OwnEvents,
): Runners {
  const callers = new Map<FunctionNode, Set<Owner>>();
  const makers = new Map<ts.ClassLikeDeclaration, Set<Owner>>();
  const functions: FunctionNode[] = [];
  const addCaller = (called: FunctionNode, owner: Owner) => {
    const known = callers.get(called) ?? new Set();
    callers.set(called, known.add(owner));
  };

  for (const file of files) {
    for (const node of nodesOf(file)) {
      if (isFunction(node)) {
        functions.push(node);
        if (isInline(node)) addCaller(node, ownerOf(node));
      }
      if (ts.isCallExpression(node) || ts.isNewExpression(node)) {
        for (const called of calledBy(node, names)) addCaller(called, ownerOf(node));
        const listener = ts.isCallExpression(node) && node.arguments[1];
        const heard = listener && names.functionOf(listener);
        if (heard) for (const owner of ownEvents.emittersFor(node)) addCaller(heard, owner);
      }
      if (ts.isNewExpression(node)) {
        for (const made of classesOf(node.expression, names)) {
          makers.set(made, (makers.get(made) ?? new Set()).add(ownerOf(node)));
        }
      }
      if (isReference(node)) {
        const meant = names.functionOf(node);
        if (meant !== undefined) addCaller(meant, ownerOf(node));
      }
    }
  }

  const running = new Map<Owner, Set<FunctionNode>>(
    functions.map((one) => [one, new Set(roots.has(one) ? [one] : [])]),
  );
  for (let isChanged = true; isChanged;) {
    isChanged = false;
    for (const [called, owners] of callers) {
      // A handler runs when its event comes, not where it is registered.
      if (roots.has(called)) continue;
      const known = running.get(called);
      if (known === undefined) continue;
      const before = known.size;
      for (const owner of owners) for (const root of running.get(owner) ?? none) known.add(root);
      isChanged ||= known.size > before;
    }
  }
  return {
    of: (owner) => running.get(owner) ?? none,
    ofMaking: (made) => {
      const owners = [...(makers.get(made) ?? [])];
      const isMadeByOthers = decoratorsOf(made).length > 0 || owners.length === 0;
      if (isMadeByOthers || owners.some((owner) => (running.get(owner) ?? none).size === 0)) return undefined;
      return new Set(owners.flatMap((owner) => [...(running.get(owner) ?? none)]));
    },
  };
}

/** Run by what it is handed to, or at once: `list.forEach(() => …)`. */
function isInline(node: FunctionNode): boolean {
  if (!ts.isArrowFunction(node) && !ts.isFunctionExpression(node)) return false;
  let at: ts.Node = node;
  while (ts.isParenthesizedExpression(at.parent)) at = at.parent;
  return ts.isCallExpression(at.parent) || ts.isNewExpression(at.parent);
}

/** A name in the place of a value, which is not where it is declared, imported or exported. */
function isReference(node: ts.Node): node is ts.Identifier | ts.PropertyAccessExpression {
  if (!ts.isIdentifier(node) && !ts.isPropertyAccessExpression(node)) return false;
  const parent = node.parent;
  if (ts.isPropertyAccessExpression(parent) && parent.name === node) return false;
  if (ts.isImportSpecifier(parent) || ts.isExportSpecifier(parent) || ts.isImportClause(parent)) return false;
  const isDeclared = "name" in parent && parent.name === node && !ts.isShorthandPropertyAssignment(parent);
  return !isDeclared;
}

/** The class that is made, and those which it extends. */
function classesOf(expression: ts.Expression, names: Names): readonly ts.ClassLikeDeclaration[] {
  const found: ts.ClassLikeDeclaration[] = [];
  let at: ts.Expression | undefined = expression;
  while (at !== undefined && found.length < 10) {
    const made: ts.Declaration | undefined = names.symbolOf(bare(at))?.valueDeclaration;
    if (made === undefined || !ts.isClassLike(made)) break;
    found.push(made);
    const extending: ts.HeritageClause | undefined = made.heritageClauses?.find(
      ({ token }) => token === ts.SyntaxKind.ExtendsKeyword,
    );
    at = extending?.types[0]?.expression;
  }
  return found;
}
