import type ts from "typescript";

/**
 * `// nonsticky: cache`, at the end of a line or alone in the one above it: somebody has looked at it, and losing it
 * harms nobody. The watch goes by it as well.
 */
export function isLeftAlone(node: ts.Node): boolean {
  const source = node.getSourceFile();
  const { line } = source.getLineAndCharacterOfPosition(node.getStart(source));
  return isMarked(source.text.split("\n"), line);
}

const MARK = /\/\/\s*nonsticky:\s*cache\b/;

/** `line` counts from 0. */
export function isMarked(lines: readonly string[], line: number): boolean {
  const above = lines[line - 1] ?? "";
  return MARK.test(lines[line] ?? "") || (/^\s*\/\//.test(above) && MARK.test(above));
}
