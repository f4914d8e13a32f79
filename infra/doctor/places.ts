import ts from "typescript";
import type { Names } from "./names.ts";
import {
  bare,
  initializerOf,
  isFunction,
  memberOf,
  methodOf,
  ownerOf,
  receiverOf,
  type FunctionNode,
} from "./syntax.ts";

/** Where something is kept between two packets: a variable, a field of an object, or a property of `global`. */
export interface Place {
  readonly kind: "variable" | "field" | "global";
  /** The same for every mention of the place. */
  readonly key: ts.Symbol | string;
  /** As it is written: `users`, `this.users`, `global.users`. */
  readonly name: string;
  readonly declaration: ts.Node;
}

/** Of these, a method's answer is a part of the collection itself. */
const takers = new Set(["get", "find", "findLast", "at", "values", "entries"]);
const listers = /^(Object\.(values|entries)|Array\.from)$/;
const iterators = new Set(["forEach", "map", "filter", "some", "every", "find", "findIndex", "flatMap"]);

/**
 * Where the value of an expression is kept: `users` for `users[id].name`, `users.get(id)`, and for a variable that was
 * set to such a part. Undefined for what is made on the spot, for what belongs to a packet, and for what a package keeps.
 */
export function placeOf(expression: ts.Expression, names: Names, depth = 0): Place | undefined {
  if (depth > 6) return undefined;
  const node = bare(expression);
  if (ts.isCallExpression(node)) {
    const receiver = receiverOf(node);
    const isPart = receiver !== undefined && takers.has(methodOf(node) ?? "") && listedBy(node) === undefined;
    return isPart ? placeOfElements(receiver, names, depth + 1) : undefined;
  }
  if (ts.isBinaryExpression(node) && /^(\|\||\?\?|&&)$/.test(node.operatorToken.getText())) {
    return placeOf(node.left, names, depth + 1) ?? placeOf(node.right, names, depth + 1);
  }
  if (ts.isPropertyAccessExpression(node) || ts.isElementAccessExpression(node)) {
    return placeOfMember(node, names, depth);
  }
  if (!ts.isIdentifier(node)) return undefined;
  const symbol = names.symbolOf(node);
  const declaration = symbol?.valueDeclaration ?? symbol?.declarations?.[0];
  if (symbol === undefined || (declaration && isOfGlobal(declaration))) return globalOf(node);
  if (declaration === undefined) return undefined;
  const origin = originOf(declaration, symbol, names, depth);
  if (origin !== undefined) return origin;
  return isVariable(declaration)
    ? { kind: "variable", key: symbol, name: node.text, declaration }
    : undefined;
}

/** Where that is kept which an expression has in it: of `Object.values(users)` and `[...users]`, lists of their own, it is `users`. */
function placeOfElements(expression: ts.Expression, names: Names, depth: number): Place | undefined {
  return placeOf(listedBy(bare(expression)) ?? expression, names, depth);
}

/** What a list is made of, whose elements it has. */
function listedBy(node: ts.Expression): ts.Expression | undefined {
  if (ts.isCallExpression(node)) {
    return listers.test(node.expression.getText()) ? node.arguments[0] : undefined;
  }
  if (!ts.isArrayLiteralExpression(node)) return undefined;
  const [only] = node.elements;
  return node.elements.length === 1 && only !== undefined && ts.isSpreadElement(only)
    ? only.expression
    : undefined;
}

/** The variable itself, where it is set to something else. */
export function placeOfTarget(target: ts.Expression, names: Names): Place | undefined {
  const node = bare(target);
  if (!ts.isIdentifier(node)) return placeOf(node, names);
  const symbol = names.symbolOf(node);
  const declaration = symbol?.valueDeclaration;
  if (symbol === undefined || (declaration && isOfGlobal(declaration))) return globalOf(node);
  if (declaration === undefined) return undefined;
  return isVariable(declaration)
    ? { kind: "variable", key: symbol, name: node.text, declaration }
    : undefined;
}

/** A name that nobody has declared is a property of the global object: the app's, where it assigns to it. */
const globalOf = (node: ts.Identifier): Place => ({
  kind: "global",
  key: `global:${node.text}`,
  name: node.text,
  declaration: node,
});

/** `globalThis.users = {}` declares `users`, as the compiler sees it. */
export const isOfGlobal = (declaration: ts.Node): boolean =>
  /^global(This)?\.\w+\s*($|=)/.test(declaration.getText()) && ts.isExpression(declaration);

function placeOfMember(
  node: ts.PropertyAccessExpression | ts.ElementAccessExpression,
  names: Names,
  depth: number,
): Place | undefined {
  const base = bare(node.expression);
  const member = memberOf(node);
  if (member !== undefined && ts.isIdentifier(base) && isGlobal(base, names)) {
    return { kind: "global", key: `global:${member}`, name: `${base.text}.${member}`, declaration: node };
  }
  const symbol = member === undefined ? undefined : names.symbolOf(node);
  const declaration = symbol?.valueDeclaration;
  if (symbol !== undefined && declaration !== undefined) {
    if (isVariable(declaration) || isStatic(declaration) || isExported(declaration)) {
      return { kind: "variable", key: symbol, name: member ?? node.getText(), declaration };
    }
    if (classOf(declaration) !== undefined) {
      const origin = partOrigin(base, names, depth);
      if (origin !== undefined) return origin;
      return { kind: "field", key: symbol, name: `this.${member}`, declaration };
    }
  }
  return base.kind === ts.SyntaxKind.ThisKeyword ? undefined : placeOfElements(base, names, depth + 1);
}

/** `global`, which nobody has declared as anything else. */
function isGlobal(node: ts.Identifier, names: Names): boolean {
  const declaration = names.symbolOf(node)?.valueDeclaration;
  const isOwn = declaration !== undefined && (isVariable(declaration) || ts.isParameter(declaration));
  return /^(global|globalThis)$/.test(node.text) && !isOwn;
}

/** `room` of `room.players` where `const room = rooms.get(id)`: then `rooms` keeps it. */
function partOrigin(base: ts.Expression, names: Names, depth: number): Place | undefined {
  if (base.kind === ts.SyntaxKind.ThisKeyword) return undefined;
  const place = placeOf(base, names, depth + 1);
  if (place === undefined || place.kind === "global") return place;
  const isNamed = ts.isIdentifier(base) || ts.isPropertyAccessExpression(base);
  const symbol = isNamed ? names.symbolOf(base) : undefined;
  return symbol === undefined || place.key !== symbol ? place : undefined;
}

/** What a local name stands for: a part of a collection, or what was handed over. */
function originOf(
  declaration: ts.Declaration,
  symbol: ts.Symbol,
  names: Names,
  depth: number,
): Place | undefined {
  if (ts.isVariableDeclaration(declaration)) {
    const loop = declaration.parent.parent;
    if (ts.isForOfStatement(loop)) return placeOfElements(loop.expression, names, depth + 1);
    const value = declaration.initializer && bare(declaration.initializer);
    if (value === undefined || ts.isIdentifier(value)) return value && placeOf(value, names, depth + 1);
    const isPart =
      ts.isPropertyAccessExpression(value) ||
      ts.isElementAccessExpression(value) ||
      ts.isCallExpression(value) ||
      ts.isBinaryExpression(value);
    return isPart ? placeOf(value, names, depth + 1) : undefined;
  }
  if (ts.isBindingElement(declaration)) {
    const of = declaration.parent.parent;
    if (ts.isVariableDeclaration(of) && of.initializer && !isPrimitive(names, declaration.name)) {
      return placeOf(of.initializer, names, depth + 1);
    }
    return undefined;
  }
  if (!ts.isParameter(declaration)) return undefined;
  const owner = declaration.parent;
  const call = owner.parent;
  if (owner.parameters[0] === declaration && ts.isCallExpression(call) && call.arguments[0] === owner) {
    const receiver = receiverOf(call);
    const isIterated = receiver !== undefined && iterators.has(methodOf(call) ?? "");
    return isIterated ? placeOfElements(receiver, names, depth + 1) : undefined;
  }
  return isFunction(owner)
    ? handedOver(owner, owner.parameters.indexOf(declaration), symbol, names, depth)
    : undefined;
}

/** A parameter is what a call of the function gives it, where that is kept somewhere. */
function handedOver(
  owner: FunctionNode,
  index: number,
  symbol: ts.Symbol,
  names: Names,
  depth: number,
): Place | undefined {
  const name = owner.name ?? (ts.isVariableDeclaration(owner.parent) ? owner.parent.name : undefined);
  const called = name && names.symbolOf(name);
  for (const reference of called ? names.referencesTo(called) : []) {
    const callee = ts.isPropertyAccessExpression(reference.parent) ? reference.parent : reference;
    const call = callee.parent;
    if (!ts.isCallExpression(call) || call.expression !== callee) continue;
    const argument = call.arguments[index];
    if (argument === undefined) continue;
    const value = bare(argument);
    if (ts.isIdentifier(value) && names.symbolOf(value) === symbol) continue;
    const place = placeOf(value, names, depth + 2);
    if (place !== undefined && place.kind !== "field" && ts.isSourceFile(ownerOf(place.declaration)))
      return place;
  }
  return undefined;
}

function isPrimitive(names: Names, node: ts.Node): boolean {
  const primitive =
    ts.TypeFlags.StringLike | ts.TypeFlags.NumberLike | ts.TypeFlags.BooleanLike | ts.TypeFlags.BigIntLike;
  return (names.typeOf(node).flags & primitive) !== 0;
}

const isVariable = (node: ts.Node): boolean =>
  ts.isVariableDeclaration(node) || (ts.isBindingElement(node) && !isOfParameter(node));

function isOfParameter(node: ts.BindingElement): boolean {
  let at: ts.Node = node;
  while (ts.isBindingElement(at) || ts.isObjectBindingPattern(at) || ts.isArrayBindingPattern(at))
    at = at.parent;
  return ts.isParameter(at);
}

const isStatic = (node: ts.Node): boolean =>
  ts.isPropertyDeclaration(node) &&
  (node.modifiers ?? []).some(({ kind }) => kind === ts.SyntaxKind.StaticKeyword);

/** `exports.users = []` */
const isExported = (node: ts.Node): boolean => /^(module\.)?exports\.\w+/.test(node.getText());

/** The class that a declaration makes a field of: by name, as a parameter of its constructor, or by `this.x = …` in it. */
export function classOf(declaration: ts.Node): ts.ClassLikeDeclaration | undefined {
  if (
    ts.isPropertyDeclaration(declaration) ||
    ts.isParameterPropertyDeclaration(declaration, declaration.parent)
  ) {
    const at = declaration.parent;
    return ts.isClassLike(at) ? at : ts.isClassLike(at.parent) ? at.parent : undefined;
  }
  const target = ts.isBinaryExpression(declaration) ? declaration.left : declaration;
  if (!ts.isPropertyAccessExpression(target) || target.expression.kind !== ts.SyntaxKind.ThisKeyword)
    return undefined;
  let at: ts.Node = target;
  while (!ts.isClassLike(at) && !ts.isSourceFile(at)) at = at.parent;
  return ts.isClassLike(at) ? at : undefined;
}

/** What a place was first set to. */
export const valueOf = ({ key, declaration }: Place): ts.Expression | undefined => {
  if (typeof key !== "string") return initializerOf(key);
  const assigned = declaration.parent;
  return ts.isBinaryExpression(assigned) && assigned.left === declaration ? assigned.right : undefined;
};
