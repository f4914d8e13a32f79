import ts from "typescript";
import { isOfSocketIo } from "../effects.ts";
import type { Examination } from "../examination.ts";
import type { Edit, Finding } from "../finding.ts";
import { mayAwait } from "../rewrites/local-socket.ts";
import { bare, lineOf, methodOf, nodesOf, ownerOf, receiverOf, type FunctionNode } from "../syntax.ts";

/** Promises that a handler leaves alone: the instance is frozen when its handlers have ended, and with it what they began. */
export function findFloatingPromises(examination: Examination): readonly Finding[] {
  return examination.app.files.flatMap((file) =>
    [...nodesOf(file)].flatMap((node) => {
      if (!ts.isExpressionStatement(node)) return [];
      const call = ts.isVoidExpression(node.expression) ? node.expression.expression : node.expression;
      if (!ts.isCallExpression(call) || !isOfHandler(node, examination) || !isPromise(call, examination))
        return [];
      const whole = call.expression.getText();
      const name = /\n/.test(whole) || whole.length > 60 ? `….${methodOf(call) ?? ""}` : whole;
      const message =
        "Nobody waits for it, and the instance is frozen when the handlers have ended: await it, or return it";
      const fix = mayAwait(node) && !ts.isVoidExpression(node.expression) ? awaited(call) : undefined;
      return [
        {
          file: file.fileName,
          line: lineOf(node),
          pattern: "floating-promise" as const,
          name,
          message,
          ...(fix ? { fix } : {}),
        },
      ];
    }),
  );
}

/** Runs for packets alone; in what runs for a request or a timer, somebody else waits. */
function isOfHandler(node: ts.Node, { rootsOf }: Examination): boolean {
  const roots = rootsOf(ownerOf(node));
  return roots.length > 0 && roots.every(({ kind }) => kind === "handler" || kind === "listener");
}

/** A call of an asynchronous function of the app that reaches something, `.then(…)` on one or of a package, `fetch(…)`. */
function isPromise(call: ts.CallExpression, examination: Examination): boolean {
  const method = methodOf(call);
  const receiver = receiverOf(call);
  if (receiver !== undefined && ["then", "catch", "finally"].includes(method ?? "")) {
    const at = bare(receiver);
    return ts.isCallExpression(at) && !isOfSocketIo(at, examination);
  }
  const callee = bare(call.expression);
  if (ts.isIdentifier(callee) && callee.text === "fetch" && examination.names.symbolOf(callee) === undefined)
    return true;
  const called = examination.names.functionOf(call.expression);
  return called !== undefined && isAsync(called) && awaitsOthers(called, examination);
}

const isAsync = (node: FunctionNode): boolean =>
  ts.canHaveModifiers(node) &&
  (ts.getModifiers(node) ?? []).some(({ kind }) => kind === ts.SyntaxKind.AsyncKeyword);

/** Calls of the library are waited for by the turn; what is awaited beside them is not. */
function awaitsOthers(code: ts.Node, examination: Examination): boolean {
  return [...nodesOf(code)].some(
    (node) => ts.isAwaitExpression(node) && !isOfSocketIo(bare(node.expression), examination),
  );
}

const awaited = (call: ts.CallExpression): readonly Edit[] => [
  { file: call.getSourceFile().fileName, start: call.getStart(), end: call.getStart(), text: "await " },
];
