import ts from "typescript";
import type { Examination } from "../doctor/examination.ts";
import { findForeign, isEmpty, keysOf, livePlain, valuesOf } from "../doctor/foreign-values.ts";
import type { KeptPlace } from "../doctor/kept-places.ts";
import { valueOf } from "../doctor/places.ts";
import { bare, isFunction } from "../doctor/syntax.ts";
import type { RefusalCode } from "./keep-error.ts";
import { lineFrom } from "./line.ts";

/** A reason not to keep a variable. */
export interface Reason {
  readonly code: RefusalCode;
  readonly message: string;
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

/** `{}`, `[]`, `new Map()`: it says nothing of what will be put in. */
function isEmptyCollection(value: ts.Expression): boolean {
  const at = bare(value);
  if (ts.isObjectLiteralExpression(at)) return at.properties.length === 0;
  if (ts.isArrayLiteralExpression(at)) return at.elements.length === 0;
  return (
    ts.isNewExpression(at) && (at.arguments ?? []).length === 0 && livePlain.test(at.expression.getText())
  );
}

/** It is one as a whole, and not something that has one in it. */
function isResource(value: ts.Expression, examination: Examination): boolean {
  const found = findForeign(value, examination);
  return (
    found?.nature === "resource" && !/^(Object|Array)LiteralExpression$/.test(ts.SyntaxKind[bare(value).kind])
  );
}
