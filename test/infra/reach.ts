import { readFileSync } from "node:fs";
import path from "node:path";
import ts from "typescript";

const root = path.resolve(import.meta.dirname, "../..");

/**
 * The text of every file that runs when the given ones do: their imports, and the imports of those. Imports of types
 * run nothing; what is handed over as a value behind such a type has to be named by the caller.
 */
export function reachFrom(files: readonly string[]): ReadonlyMap<string, string> {
  const reached = new Map<string, string>();
  const walk = (file: string): void => {
    if (reached.has(file)) return;
    const text = readFileSync(path.join(root, file), "utf8");
    reached.set(file, text);
    for (const specifier of importsOf(text)) walk(path.posix.join(path.posix.dirname(file), specifier));
  };
  files.forEach(walk);
  return reached;
}

/** Relative imports of values, and re-exports. */
function importsOf(text: string): string[] {
  const source = ts.createSourceFile("file.ts", text, ts.ScriptTarget.Latest);
  return source.statements.flatMap((statement) => {
    const isValue =
      (ts.isImportDeclaration(statement) &&
        statement.importClause?.phaseModifier !== ts.SyntaxKind.TypeKeyword) ||
      (ts.isExportDeclaration(statement) && !statement.isTypeOnly);
    if (!isValue || !statement.moduleSpecifier || !ts.isStringLiteral(statement.moduleSpecifier)) return [];
    return statement.moduleSpecifier.text.startsWith(".") ? [statement.moduleSpecifier.text] : [];
  });
}

/** The methods of a port that the given texts call, in order: `store` finds `runtime.store.x(` and `this.#store.x(`. */
export function callsOf(port: string, texts: Iterable<string>): string[] {
  const pattern = new RegExp(`\\b${port}\\s*\\.(\\w+)\\(`, "g");
  const names = [...texts].flatMap((text) => [...text.matchAll(pattern)].map(([, name]) => name!));
  return [...new Set(names)].sort();
}
