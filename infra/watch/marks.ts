const MARK = /\/\/\s*nonsticky:\s*cache\b/;

/**
 * `// nonsticky: cache`, at the end of a line or alone in the one above it: somebody has looked at the variable, and
 * losing it harms nobody. `line` counts from 0.
 */
export function isMarked(lines: readonly string[], line: number): boolean {
  const above = lines[line - 1] ?? "";
  return MARK.test(lines[line] ?? "") || (/^\s*\/\//.test(above) && MARK.test(above));
}
