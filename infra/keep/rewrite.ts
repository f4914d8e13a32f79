import path from "node:path";
import MagicString from "magic-string";
import ts from "typescript";
import { RUNTIME } from "./form.ts";
import type { Insertion } from "./insertion.ts";

/** What generated code asks for. */
export const RUNTIME_MODULE = "nonsticky-keep";

/** A file with what is put into it, and at its end the map that leads back to the file as it was. No line moves. */
export function rewrite(source: ts.SourceFile, insertions: readonly Insertion[]): string {
  const text = new MagicString(source.text);
  for (const { start, end, text: put } of insertions.toSorted(byPlace)) {
    if (start === end) text.appendLeft(start, put);
    else text.overwrite(start, end, put);
  }
  const start = startOfCode(source);
  const isDirectiveOpen = start > 0 && !/[;\n\uFEFF]$/.test(source.text.slice(0, start));
  text.appendLeft(start, `${isDirectiveOpen ? ";" : ""}${importOf(source)}`);
  const map = text.generateMap({
    source: path.basename(source.fileName),
    hires: "boundary",
    includeContent: false,
  });
  return `${text.toString()}\n//# sourceMappingURL=${map.toUrl()}\n`;
}

const byPlace = (one: Insertion, other: Insertion): number =>
  one.start - other.start || one.depth - other.depth;

/** Behind a shebang and `"use strict"`. */
function startOfCode({ statements, text }: ts.SourceFile): number {
  let end = /^\uFEFF?(#![^\n]*\n)?/.exec(text)?.[0].length ?? 0;
  for (const statement of statements) {
    if (!ts.isExpressionStatement(statement) || !ts.isStringLiteral(statement.expression)) break;
    end = statement.getEnd();
  }
  return end;
}

const importOf = (source: ts.SourceFile): string =>
  isModule(source)
    ? `import * as ${RUNTIME} from "${RUNTIME_MODULE}";`
    : `var ${RUNTIME} = require("${RUNTIME_MODULE}");`;

const isModule = (source: ts.SourceFile): boolean =>
  source.statements.some(
    (statement) =>
      ts.isImportDeclaration(statement) ||
      ts.isExportDeclaration(statement) ||
      ts.isExportAssignment(statement) ||
      ts.isImportEqualsDeclaration(statement) ||
      (ts.canHaveModifiers(statement) &&
        (ts.getModifiers(statement) ?? []).some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword)),
  );
