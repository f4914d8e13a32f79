import ts from "typescript";
import { isLazy, type Change } from "./changes.ts";
import type { Names } from "./names.ts";
import { bare, isAssignment, isFunction, isInside, methodOf, nodesOf, receiverOf } from "./syntax.ts";

/**
 * Whether a variable only spares work that any instance can do again: a client that is opened on first use, an answer
 * that is kept by what it was asked for. Losing it harms nobody.
 */
export function isCache(changes: readonly Change[], names: Names): boolean {
  return changes.every((change) => {
    if (change.value === undefined) return isRemoval(change);
    return change.isWhole ? isLazyValue(change, names) : isLookedUp(change, names);
  });
}

/** Forgetting is no harm to a cache, and none to what is none. */
function isRemoval({ node }: Change): boolean {
  if (ts.isDeleteExpression(node)) return true;
  return ts.isCallExpression(node) && ["delete", "clear"].includes(methodOf(node) ?? "");
}

/** Set where it is not there yet, or asked for again as a whole, to what nobody's packet has a part in. */
function isLazyValue({ node, value, place }: Change, names: Names): boolean {
  if (value === undefined || mentions(value, place.name) || !isIndependent(value, names, node)) return false;
  const at = bare(value);
  if (isEmpty(at)) return true;
  if (isMade(at) && ts.isAwaitExpression(value)) return true;
  return isMade(at) && ((isAssignment(node) && isLazy(node)) || isGuarded(node, place.name));
}

/** `undefined`, `null`: forgotten. */
const isEmpty = (node: ts.Expression): boolean =>
  node.kind === ts.SyntaxKind.NullKeyword || (ts.isIdentifier(node) && node.text === "undefined");

/** Made by a call, or a list of constants; a new collection is the beginning of something that will be changed. */
const isMade = (node: ts.Expression): boolean =>
  ts.isCallExpression(node) ||
  (ts.isArrayLiteralExpression(node) &&
    node.elements.length > 0 &&
    node.elements.every(ts.isLiteralExpression)) ||
  ts.isIdentifier(node) ||
  (ts.isNewExpression(node) &&
    !/^(Map|Set|Array|Object|Date|WeakMap|WeakSet)$/.test(node.expression.getText()));

/** Kept under a key, made of that key and nothing else of the packet, where it was not there. */
function isLookedUp({ node, value, place }: Change, names: Names): boolean {
  const key = keyOf(node);
  if (key === undefined || value === undefined) return false;
  const made = originOfValue(value, names);
  const isAnswer = ts.isAwaitExpression(made) || ts.isCallExpression(bare(made));
  if (!isAnswer) return false;
  const inKey = new Set(identifiersIn(key).map(({ text }) => text));
  const isOfKey = dependenciesOf(made, names, node).every((name) => inKey.has(name));
  return isOfKey && isAskedFirst(node, place.name, key.getText());
}

function keyOf(node: ts.Node): ts.Expression | undefined {
  if (isAssignment(node)) {
    const target = bare(node.left);
    return ts.isElementAccessExpression(target) ? target.argumentExpression : undefined;
  }
  return ts.isCallExpression(node) && methodOf(node) === "set" ? node.arguments[0] : undefined;
}

/** `cache.has(key)`, `cache.get(key)` or `cache[key]` before it, in the same function. */
function isAskedFirst(node: ts.Node, name: string, key: string): boolean {
  const owner = functionAround(node);
  return [...nodesOf(owner)].some((other) => {
    if (other.getStart() >= node.getStart()) return false;
    if (ts.isElementAccessExpression(other)) {
      return other.expression.getText() === name && other.argumentExpression.getText() === key;
    }
    if (!ts.isCallExpression(other) || !["has", "get"].includes(methodOf(other) ?? "")) return false;
    return receiverOf(other)?.getText() === name && other.arguments[0]?.getText() === key;
  });
}

/** Within `if (!x)`, `x || (x = …)`, or after `if (x) return x`. */
function isGuarded(node: ts.Node, name: string): boolean {
  const absent = new RegExp(
    `^\\(?(!\\s*${escaped(name)}$|${escaped(name)}\\s*={2,3}\\s*(undefined|null)|typeof ${escaped(name)}\\s*={2,3})`,
  );
  for (let at = node; at.parent !== undefined && !isFunction(at); at = at.parent) {
    const parent = at.parent;
    if (ts.isIfStatement(parent) && parent.thenStatement === at && absent.test(parent.expression.getText()))
      return true;
    if (ts.isBinaryExpression(parent) && parent.right === at && parent.left.getText() === name) return true;
  }
  return [...nodesOf(functionAround(node))].some(
    (other) =>
      ts.isIfStatement(other) &&
      other.getEnd() <= node.getStart() &&
      new RegExp(`^${escaped(name)}\\b[^=]*$`).test(other.expression.getText()) &&
      /\breturn\b/.test(other.thenStatement.getText()),
  );
}

/** Names of the packet that a value depends on: parameters of functions, and what comes of them. */
function dependenciesOf(value: ts.Node, names: Names, at: ts.Node, depth = 0): readonly string[] {
  if (depth > 4) return [];
  const scope = functionAround(at);
  return identifiersIn(value).flatMap((identifier) => {
    const declaration = names.symbolOf(identifier)?.valueDeclaration;
    if (declaration === undefined || isInside(declaration, value) || !isInside(declaration, outermost(scope)))
      return [];
    if (ts.isVariableDeclaration(declaration) && !ts.isSourceFile(functionAround(declaration))) {
      const { initializer } = declaration;
      return initializer ? dependenciesOf(initializer, names, at, depth + 1) : [identifier.text];
    }
    const isOfPacket = ts.isParameter(declaration) || ts.isBindingElement(declaration);
    return isOfPacket ? [identifier.text] : [];
  });
}

const isIndependent = (value: ts.Node, names: Names, at: ts.Node): boolean =>
  dependenciesOf(value, names, at).length === 0;

function originOfValue(value: ts.Expression, names: Names): ts.Expression {
  const node = bare(value);
  if (!ts.isIdentifier(node)) return value;
  const declaration = names.symbolOf(node)?.valueDeclaration;
  return declaration && ts.isVariableDeclaration(declaration) && declaration.initializer
    ? declaration.initializer
    : value;
}

/** Names that are read: no members, no property names. */
function identifiersIn(node: ts.Node): readonly ts.Identifier[] {
  return [...nodesOf(node)].filter(
    (at): at is ts.Identifier =>
      ts.isIdentifier(at) &&
      !(ts.isPropertyAccessExpression(at.parent) && at.parent.name === at) &&
      !(ts.isPropertyAssignment(at.parent) && at.parent.name === at),
  );
}

const mentions = (value: ts.Node, name: string): boolean =>
  identifiersIn(value).some((node) => node.text === name) ||
  [...nodesOf(value)].some((node) => ts.isPropertyAccessExpression(node) && node.getText() === name);

function functionAround(node: ts.Node): ts.Node {
  let at = node.parent;
  while (!isFunction(at) && !ts.isSourceFile(at)) at = at.parent;
  return at;
}

function outermost(node: ts.Node): ts.Node {
  let found = node;
  for (let at = node; at.parent !== undefined; at = at.parent) if (isFunction(at)) found = at;
  return found;
}

const escaped = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
