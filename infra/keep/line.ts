import type ts from "typescript";
import { lineOf } from "../doctor/syntax.ts";

/** `line 7`; `users.js:7` in another file than that of `from`. */
export function lineFrom(from: ts.Node, node: ts.Node): string {
  const { fileName } = node.getSourceFile();
  if (from.getSourceFile().fileName === fileName) return `line ${lineOf(node)}`;
  return `${fileName.split("/").at(-1)}:${lineOf(node)}`;
}
