import ts from "typescript";
import type { Change } from "./changes.ts";
import type { Examination } from "./examination.ts";
import { bare, isFunction, methodOf, nodesOf, ownerOf } from "./syntax.ts";

/** What no other process could make anything of. */
export interface Foreign {
  readonly nature: "socket" | "resource" | "instance";
  /** With its article: `a timer`. */
  readonly what: string;
  readonly node: ts.Node;
}

/** Classes whose objects are kept as what they are. */
export const livePlain = /^(Map|Set|Array|Object|String|Number|Boolean|Date|Uint8Array)$/;
export const jsonPlain = /^(Array|Object)$/;

/** Goes into literals, behind names, and into the functions of the app that make a value. */
export function findForeign(
  value: ts.Expression,
  examination: Examination,
  plain = livePlain,
  depth = 0,
): Foreign | undefined {
  const { names, isSocket } = examination;
  const node = bare(value);
  const inside = (part: ts.Expression) => findForeign(part, examination, plain, depth + 1);
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
  if (ts.isNewExpression(node)) return ofConstruction(node, examination, plain, inside);
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

/** What a change puts in: `list.push(a, b)`. */
export function valuesOf({ node, value }: Change): readonly ts.Expression[] {
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
export const keysOf = ({ node }: Change): readonly ts.Expression[] =>
  ts.isCallExpression(node) && methodOf(node) === "set" ? node.arguments.slice(0, 1) : [];

export const isEmpty = (value: ts.Expression): boolean => {
  const at = bare(value);
  return at.kind === ts.SyntaxKind.NullKeyword || (ts.isIdentifier(at) && at.text === "undefined");
};

const timers = /^(globalThis\.|global\.|timers\.)?set(Timeout|Interval|Immediate)$/;
const openers =
  /^(createClient|createConnection|createPool|createServer|createReadStream|createWriteStream|connect|spawn|fork)$/;
const MAX_DEPTH = 6;

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
  plain: RegExp,
  inside: (part: ts.Expression) => Foreign | undefined,
): Foreign | undefined {
  const name = node.expression.getText();
  if (plain.test(name)) return first(node.arguments ?? [], inside);
  const made = names.symbolOf(bare(node.expression))?.valueDeclaration;
  const isOwn = made !== undefined && (ts.isClassLike(made) || isFunction(made));
  if (isOwn) return { nature: "instance", what: `an instance of ${name}`, node };
  return { nature: "resource", what: `${/^[AEIO]/i.test(name) ? "an" : "a"} ${name}`, node };
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
