import ts from "typescript";
import type { Change } from "../doctor/changes.ts";
import type { Examination } from "../doctor/examination.ts";
import type { KeptPlace } from "../doctor/kept-places.ts";
import { valueOf } from "../doctor/places.ts";
import { bare, isFunction, methodOf, nodesOf, ownerOf } from "../doctor/syntax.ts";
import type { RefusalCode } from "./keep-error.ts";
import { lineFrom } from "./line.ts";

/** A reason not to keep a variable. */
export interface Reason {
  readonly code: RefusalCode;
  readonly message: string;
}

/** What no other process could make anything of. */
interface Foreign {
  readonly nature: "socket" | "resource" | "instance";
  /** With its article: `a timer`. */
  readonly what: string;
  readonly node: ts.Node;
}

/**
 * What of all that a variable is ever set to, or gets put into it, cannot lie in a table. Where it is never anything else,
 * the variable is to be left alone. Undefined: nothing of it was seen.
 */
export function findObstacle(
  { place, allChanges }: KeptPlace,
  examination: Examination,
): Reason | { readonly left: string } | undefined {
  const initial = valueOf(place);
  const isWithMethods = initial !== undefined && isObjectWithMethods(initial);
  const values = [
    ...(initial === undefined || isWithMethods || isEmptyCollection(initial) ? [] : [initial]),
    ...allChanges.flatMap((change) => valuesOf(change)),
  ].filter((value) => !isEmpty(value));
  const keys = allChanges.flatMap(keysOf);
  const foreign = [...values, ...keys].flatMap((value) => findForeign(value, examination) ?? []);
  const [first] = foreign;
  if (first === undefined) return undefined;
  const isNothingElse =
    first.nature === "resource" &&
    values.length > 0 &&
    values.every((value) => isResource(value, examination));
  if (isNothingElse) return { left: first.what };
  const where = `in ${lineFrom(place.declaration, first.node)}`;
  switch (first.nature) {
    case "socket":
      return {
        code: "keep.holds_socket",
        message: `a socket is put into it ${where}, which lives in one process for one packet: let each socket join a room by that key, and send to the room`,
      };
    case "instance":
      return {
        code: "keep.holds_instance",
        message: `${first.what} is put into it ${where}, which a table would give back without its methods: put in a plain object`,
      };
    case "resource":
      return {
        code: "keep.holds_resource",
        message: `${first.what} is put into it ${where}, which means nothing to another process: keep it apart from the data`,
      };
  }
}

/** `{ players: {}, start() { … } }`: its methods stay in the code, its data goes into the table. */
export const isObjectWithMethods = (value: ts.Expression): boolean => {
  const at = bare(value);
  return ts.isObjectLiteralExpression(at) && at.properties.some(isMethod);
};

export const isMethod = (property: ts.ObjectLiteralElementLike): boolean =>
  ts.isMethodDeclaration(property) ||
  ts.isAccessor(property) ||
  (ts.isPropertyAssignment(property) && isFunction(bare(property.initializer)));

/** What a change puts in: `list.push(a, b)`. */
function valuesOf({ node, value }: Change): readonly ts.Expression[] {
  if (!ts.isCallExpression(node)) return value === undefined ? [] : [value];
  const given = [...node.arguments];
  switch (methodOf(node)) {
    case "set":
    case "assign":
      return given.slice(1);
    case "splice":
      return given.slice(2);
    case "push":
    case "unshift":
    case "add":
    case "fill":
      return given;
    default:
      return [];
  }
}

/** `map.set(socket, name)` */
const keysOf = ({ node }: Change): readonly ts.Expression[] =>
  ts.isCallExpression(node) && methodOf(node) === "set" ? node.arguments.slice(0, 1) : [];

/** `{}`, `[]`, `new Map()`: it says nothing of what will be put in. */
function isEmptyCollection(value: ts.Expression): boolean {
  const at = bare(value);
  if (ts.isObjectLiteralExpression(at)) return at.properties.length === 0;
  if (ts.isArrayLiteralExpression(at)) return at.elements.length === 0;
  return (
    ts.isNewExpression(at) && (at.arguments ?? []).length === 0 && plainClasses.test(at.expression.getText())
  );
}

const isEmpty = (value: ts.Expression): boolean => {
  const at = bare(value);
  return at.kind === ts.SyntaxKind.NullKeyword || (ts.isIdentifier(at) && at.text === "undefined");
};

/** It is one as a whole, and not something that has one in it. */
function isResource(value: ts.Expression, examination: Examination): boolean {
  const found = findForeign(value, examination);
  return (
    found?.nature === "resource" && !/^(Object|Array)LiteralExpression$/.test(ts.SyntaxKind[bare(value).kind])
  );
}

const plainClasses = /^(Map|Set|Array|Object|String|Number|Boolean|Date|Uint8Array)$/;
const timers = /^(globalThis\.|global\.|timers\.)?set(Timeout|Interval|Immediate)$/;
const openers =
  /^(createClient|createConnection|createPool|createServer|createReadStream|createWriteStream|connect|spawn|fork)$/;
const MAX_DEPTH = 6;

/** Goes into literals, behind names, and into the functions of the app that make a value. */
function findForeign(value: ts.Expression, examination: Examination, depth = 0): Foreign | undefined {
  const { names, isSocket } = examination;
  const node = bare(value);
  const inside = (part: ts.Expression) => findForeign(part, examination, depth + 1);
  if (depth > MAX_DEPTH) return undefined;
  if (isFunction(node)) return { nature: "resource", what: "a function", node };
  if (ts.isConditionalExpression(node)) return inside(node.whenTrue) ?? inside(node.whenFalse);
  if (ts.isBinaryExpression(node)) {
    const isChoice = /^(\|\||\?\?|&&|,)$/.test(node.operatorToken.getText());
    return isChoice ? (inside(node.left) ?? inside(node.right)) : undefined;
  }
  if (ts.isSpreadElement(node)) return inside(node.expression);
  if (ts.isArrayLiteralExpression(node)) return first(node.elements, inside);
  if (ts.isObjectLiteralExpression(node)) {
    return first(node.properties, (property) => {
      if (ts.isMethodDeclaration(property)) return { nature: "resource", what: "a function", node: property };
      if (ts.isPropertyAssignment(property)) return inside(property.initializer);
      if (ts.isShorthandPropertyAssignment(property)) return inside(property.name);
      return ts.isSpreadAssignment(property) ? inside(property.expression) : undefined;
    });
  }
  if (ts.isNewExpression(node)) return ofConstruction(node, examination, inside);
  if (ts.isCallExpression(node)) {
    if (timers.test(node.expression.getText())) return { nature: "resource", what: "a timer", node };
    if (
      openers.test(methodOf(node) ?? node.expression.getText()) &&
      names.packageOf(node.expression)?.startsWith(".") === false
    )
      return { nature: "resource", what: `what ${node.expression.getText()} opens`, node };
    const made = declaredFunction(node.expression, names);
    if (isSocket(node)) return { nature: "socket", what: "a socket", node };
    return made === undefined ? undefined : first(returnedBy(made), inside);
  }
  if (!ts.isIdentifier(node) && !ts.isPropertyAccessExpression(node)) return undefined;
  if (isSocket(node) && !isMemberOfData(node)) return { nature: "socket", what: "a socket", node };
  if (!ts.isIdentifier(node)) return undefined;
  if (declaredFunction(node, names) !== undefined) return { nature: "resource", what: "a function", node };
  const declaration = names.symbolOf(node)?.valueDeclaration;
  const isNamed = declaration && ts.isVariableDeclaration(declaration) && declaration.initializer;
  return isNamed ? inside(declaration.initializer) : undefined;
}

/** By its declaration: what a call gives that is handed a function may be anything. */
function declaredFunction(
  node: ts.Expression,
  names: Examination["names"],
): ts.FunctionLikeDeclaration | undefined {
  const found = names.functionOf(node);
  const declaration = names.symbolOf(bare(node))?.valueDeclaration;
  const initial =
    declaration && "initializer" in declaration
      ? (declaration.initializer as ts.Expression | undefined)
      : undefined;
  return initial !== undefined && ts.isCallExpression(bare(initial)) ? undefined : found;
}

/** `message.socket`: a name alone says too little. */
const isMemberOfData = (node: ts.Expression): boolean =>
  ts.isPropertyAccessExpression(node) && !/^(this|socket|client)$/.test(node.expression.getText());

function ofConstruction(
  node: ts.NewExpression,
  { names }: Examination,
  inside: (part: ts.Expression) => Foreign | undefined,
): Foreign | undefined {
  const name = node.expression.getText();
  if (plainClasses.test(name)) return first(node.arguments ?? [], inside);
  const made = names.symbolOf(bare(node.expression))?.valueDeclaration;
  const isOwn = made !== undefined && (ts.isClassLike(made) || isFunction(made));
  if (isOwn) return { nature: "instance", what: `an instance of ${name}`, node };
  return { nature: "resource", what: `a ${name}`, node };
}

function returnedBy(made: ts.FunctionLikeDeclaration): readonly ts.Expression[] {
  if (made.body === undefined) return [];
  if (!ts.isBlock(made.body)) return [made.body];
  return [...nodesOf(made.body)].flatMap((node) =>
    ts.isReturnStatement(node) && node.expression && ownerOf(node) === made ? [node.expression] : [],
  );
}

function first<T, R>(list: Iterable<T>, find: (one: T) => R | undefined): R | undefined {
  for (const one of list) {
    const found = find(one);
    if (found !== undefined) return found;
  }
  return undefined;
}
