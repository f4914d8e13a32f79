import type ts from "typescript";
import { isMarked } from "../watch/marks.ts";

/** Somebody has written beside it that losing it harms nobody. The watch goes by the same mark. */
export function isLeftAlone(node: ts.Node): boolean {
  const source = node.getSourceFile();
  const { line } = source.getLineAndCharacterOfPosition(node.getStart(source));
  return isMarked(source.text.split("\n"), line);
}
