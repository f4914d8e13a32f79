import ts from "typescript";
import type { Change } from "../doctor/changes.ts";
import type { Names } from "../doctor/names.ts";
import type { Place } from "../doctor/places.ts";
import { bare } from "../doctor/syntax.ts";
import { lineFrom } from "./line.ts";
import type { Reason } from "./obstacles.ts";
import { kindOf, type ValueKind } from "./values.ts";

/** An object, a `Map` and a `Set` have a row a key in the table: what begins as one stays one. Where that is not seen here, it is told at run time. */
export function reasonOfKind(
  kind: ValueKind,
  { declaration }: Place,
  changes: readonly Change[],
  names: Names,
): Reason | undefined {
  if (kind !== "object" && kind !== "Map" && kind !== "Set") return undefined;
  for (const { isWhole, node, value } of changes) {
    if (!isWhole || value === undefined || node === declaration || node === declaration.parent) continue;
    const other = isNothing(value) ? "nothing" : kindOf(value, names);
    if (other === "value" || other === kind) continue;
    return {
      code: "keep.unknown_form",
      message: `it begins as ${articleOf(kind)} and becomes ${other === "nothing" ? "null" : articleOf(other)} in ${lineFrom(declaration, node)}: let it stay of one kind, or begin as null`,
    };
  }
  return undefined;
}

function isNothing(value: ts.Expression): boolean {
  const at = bare(value);
  return at.kind === ts.SyntaxKind.NullKeyword || (ts.isIdentifier(at) && at.text === "undefined");
}

const articleOf = (kind: string): string => `${/^[aeiou]/.test(kind) ? "an" : "a"} ${kind}`;
