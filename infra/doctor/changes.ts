import ts from "typescript";
import type { Names } from "./names.ts";
import { placeOf, placeOfTarget, valueOf, type Place } from "./places.ts";
import type { App } from "./program.ts";
import {
  bare,
  isAssignment,
  isStep,
  methodOf,
  nodesOf,
  ownerOf,
  receiverOf,
  type FunctionNode,
} from "./syntax.ts";

/** One place in the code where something that is kept becomes another. */
export interface Change {
  readonly place: Place;
  readonly node: ts.Node;
  readonly owner: FunctionNode | ts.SourceFile;
  /** What it is set to, or what is put in; undefined where that is not one value. */
  readonly value: ts.Expression | undefined;
  /** The place itself is set, not a part of what it holds. */
  readonly isWhole: boolean;
}

const changers: Readonly<Record<string, ReadonlySet<string>>> = {
  Array: new Set(["push", "pop", "shift", "unshift", "splice", "sort", "reverse", "fill", "copyWithin"]),
  Map: new Set(["set", "delete", "clear"]),
  Set: new Set(["add", "delete", "clear"]),
  WeakMap: new Set(["set", "delete"]),
  WeakSet: new Set(["add", "delete"]),
};
const anyChanger = new Set(Object.values(changers).flatMap((names) => [...names]));

/** Every assignment, step, `delete`, and call of a collection's changing method. */
export function findChanges({ files }: App, names: Names): readonly Change[] {
  const found: Change[] = [];
  const add = (target: ts.Expression, node: ts.Node, value: ts.Expression | undefined, isCall = false) => {
    const at = bare(target);
    const isWhole = !isCall && (ts.isIdentifier(at) || isField(at));
    const place = isCall ? placeOf(at, names) : placeOfTarget(at, names);
    if (place === undefined || (!isWhole && !holdsData(place, names))) return;
    found.push({ place, node, owner: ownerOf(node), value, isWhole });
  };
  for (const file of files) {
    for (const node of nodesOf(file)) {
      if (isAssignment(node)) {
        const isPlain = node.operatorToken.kind === ts.SyntaxKind.EqualsToken;
        for (const target of targetsOf(node.left))
          add(target, node, isPlain || isLazy(node) ? node.right : undefined);
      } else if (isStep(node)) {
        add(node.operand, node, undefined);
      } else if (ts.isDeleteExpression(node)) {
        add(node.expression, node, undefined);
      } else if (ts.isCallExpression(node)) {
        const method = methodOf(node) ?? "";
        const receiver = receiverOf(node);
        if (receiver && isObjectAssign(node, receiver) && node.arguments[0])
          add(node.arguments[0], node, node.arguments[1], true);
        else if (receiver && changes(receiver, method, names))
          add(receiver, node, node.arguments.at(-1), true);
      }
    }
  }
  const assigned = new Set(found.flatMap(({ isWhole, place }) => (isWhole ? [place.key] : [])));
  const isForeign = ({ kind, key, declaration }: Place) =>
    kind === "global" && ts.isIdentifier(declaration) && !assigned.has(key);
  return found.filter(({ place }) => !isForeign(place));
}

/** `x ??= …` and `x ||= …` */
export const isLazy = (node: ts.BinaryExpression): boolean =>
  [ts.SyntaxKind.QuestionQuestionEqualsToken, ts.SyntaxKind.BarBarEqualsToken].includes(
    node.operatorToken.kind,
  );

const isField = (node: ts.Expression): boolean =>
  ts.isPropertyAccessExpression(node) &&
  (bare(node.expression).kind === ts.SyntaxKind.ThisKeyword ||
    /^(global|globalThis)$/.test(node.expression.getText()));

/** `a` and `b` of `[a, b = 1] = …`, of `({ a, x: b } = …)`, of `[a, ...b] = …`. */
function targetsOf(node: ts.Expression): readonly ts.Expression[] {
  const at = bare(node);
  if (ts.isArrayLiteralExpression(at)) return at.elements.flatMap(targetsOf);
  if (ts.isSpreadElement(at)) return targetsOf(at.expression);
  if (isAssignment(at)) return targetsOf(at.left);
  if (!ts.isObjectLiteralExpression(at)) return [at];
  return at.properties.flatMap((property) => {
    if (ts.isShorthandPropertyAssignment(property)) return [property.name];
    if (ts.isSpreadAssignment(property)) return targetsOf(property.expression);
    return ts.isPropertyAssignment(property) ? targetsOf(property.initializer) : [];
  });
}

const isObjectAssign = (call: ts.CallExpression, receiver: ts.Expression): boolean =>
  receiver.getText() === "Object" && methodOf(call) === "assign";

function changes(receiver: ts.Expression, method: string, names: Names): boolean {
  if (!anyChanger.has(method)) return false;
  const type = names.typeOf(receiver);
  // A collection in an untyped one: `rooms[id].push(…)`.
  if (type.flags & ts.TypeFlags.Any) return true;
  const parts = type.isUnion() ? type.types : [type];
  return parts.some((part) => changers[part.symbol?.name ?? ""]?.has(method) === true);
}

/** What the app itself made, or read as JSON; not an object of a package, whose changes are its own affair. */
function holdsData(place: Place, names: Names): boolean {
  const value = valueOf(place);
  if (value === undefined) return !isTypedByPackage(place, names);
  const at = bare(value);
  if (ts.isNewExpression(at)) {
    const name = at.expression.getText();
    return (
      name === "Object" ||
      name in changers ||
      names.symbolOf(bare(at.expression))?.valueDeclaration !== undefined
    );
  }
  if (ts.isCallExpression(at)) {
    if (
      /^(JSON\.parse|Object\.(create|fromEntries|assign)|Array|Array\.from|structuredClone)$/.test(
        at.expression.getText(),
      )
    )
      return true;
    return names.functionOf(at.expression) !== undefined;
  }
  return (
    !ts.isPropertyAccessExpression(at) &&
    !ts.isIdentifier(at) &&
    !ts.isFunctionLike(at) &&
    !ts.isClassLike(at)
  );
}

/** `let client: RedisClient;` */
function isTypedByPackage({ declaration }: Place, names: Names): boolean {
  if (
    !ts.isVariableDeclaration(declaration) &&
    !ts.isPropertyDeclaration(declaration) &&
    !ts.isParameter(declaration)
  ) {
    return false;
  }
  const type = declaration.type;
  if (type === undefined || !ts.isTypeReferenceNode(type)) return ts.isParameter(declaration);
  if (/^(Array|Map|Set|Record|Partial)$/.test(type.typeName.getText())) return false;
  const declared = names.symbolOf(type.typeName)?.declarations?.[0];
  return declared === undefined || ts.isImportSpecifier(declared) || ts.isImportClause(declared);
}
