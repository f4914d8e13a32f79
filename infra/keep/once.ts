import ts from "typescript";
import type { Examination } from "../doctor/examination.ts";
import { calledBy } from "../doctor/roots.ts";
import { bare, isFunction, methodOf, nodesOf, ownerOf, type FunctionNode } from "../doctor/syntax.ts";

/** Whether a piece of code runs once while an app is loaded: what it declares is then one thing, as a module's variable is. */
export function runsOnce(owner: FunctionNode | ts.SourceFile, examination: Examination, depth = 0): boolean {
  if (ts.isSourceFile(owner)) return true;
  if (depth > 5 || examination.runners.of(owner).size > 0) return false;
  const callers = callersOf(owner, examination);
  const [only] = callers;
  return (
    only !== undefined &&
    callers.length === 1 &&
    !isRepeated(only) &&
    runsOnce(ownerOf(only), examination, depth + 1)
  );
}

/** Within a loop, or in what a list's method calls for each. */
export function isRepeated(node: ts.Node): boolean {
  for (let at = node; !isFunction(at) && !ts.isSourceFile(at); at = at.parent) {
    if (ts.isIterationStatement(at, false)) return true;
  }
  return false;
}

const iterators =
  /^(forEach|map|flatMap|filter|some|every|find|findIndex|reduce|from|on|addListener|use|get|post|all)$/;

/** The calls that run a function; itself, where it is handed to what calls it later. */
function callersOf(wanted: FunctionNode, { app, names }: Examination): readonly ts.Node[] {
  const found: ts.Node[] = [];
  for (const file of app.files) {
    for (const node of nodesOf(file)) {
      if (!ts.isCallExpression(node) && !ts.isNewExpression(node)) continue;
      if (calledBy(node, names).includes(wanted)) found.push(node);
      for (const argument of node.arguments ?? []) {
        const isGiven = ts.isIdentifier(bare(argument)) || bare(argument) === wanted;
        if (!isGiven || names.functionOf(argument) !== wanted) continue;
        // `list.forEach(create)` calls it as often as it likes.
        const method = ts.isCallExpression(node) ? (methodOf(node) ?? "") : "";
        found.push(...(iterators.test(method) ? [node, node] : [node]));
      }
    }
  }
  return found;
}
