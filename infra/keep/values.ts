import ts from "typescript";
import type { Names } from "../doctor/names.ts";
import { bare } from "../doctor/syntax.ts";

/** As the report says it; `value` is what changes as a whole, of whatever kind. */
export type ValueKind = "object" | "array" | "Map" | "Set" | "number" | "string" | "boolean" | "value";

/** What a variable begins with, by its text and, behind a call or a name, by its type. */
export function kindOf(initial: ts.Expression | undefined, names: Names): ValueKind {
  if (initial === undefined) return "value";
  const node = bare(initial);
  if (ts.isArrayLiteralExpression(node)) return "array";
  if (ts.isObjectLiteralExpression(node)) return "object";
  if (ts.isNewExpression(node)) {
    const name = node.expression.getText();
    if (name === "Map" || name === "Set") return name;
    return name === "Array" ? "array" : name === "Object" ? "object" : "value";
  }
  if (ts.isCallExpression(node) && /^Object\.(create|fromEntries)$/.test(node.expression.getText()))
    return "object";
  return kindOfType(names.typeOf(node));
}

export function kindOfType(type: ts.Type): ValueKind {
  if (type.flags & ts.TypeFlags.NumberLike) return "number";
  if (type.flags & ts.TypeFlags.StringLike) return "string";
  if (type.flags & ts.TypeFlags.BooleanLike) return "boolean";
  const name = type.symbol?.name;
  return name === "Array" ? "array" : name === "Map" || name === "Set" ? name : "value";
}

/** One that stays the same thing while what is in it changes. */
export const isContainer = (kind: ValueKind): kind is "object" | "array" | "Map" | "Set" =>
  kind === "object" || kind === "array" || kind === "Map" || kind === "Set";
