import ts from "typescript";
import type { Examination } from "../examination.ts";
import type { Finding } from "../finding.ts";
import { isFunction, lineOf, nodesOf, type FunctionNode } from "../syntax.ts";

const bytes = /^(Buffer|ArrayBuffer|Uint8Array|Blob|File)(<.*>)?$/;

/** Handlers that are sent bytes: over a WebSocket their clients need `forceBase64`. */
export function findBinarySenders({ roots }: Examination): readonly Finding[] {
  return [...roots].flatMap(([handler, { kind, label }]) => {
    if (kind !== "handler") return [];
    const parameter = handler.parameters.find(({ name, type }) =>
      takesBytes(handler, name.getText(), type?.getText()),
    );
    if (parameter === undefined) return [];
    const name = parameter.name.getText();
    const message = `${label} is sent bytes, and API Gateway closes a WebSocket on a binary frame: its clients need the option forceBase64: true`;
    return [
      {
        file: handler.getSourceFile().fileName,
        line: lineOf(parameter),
        pattern: "binary-sender" as const,
        name,
        message,
      },
    ];
  });
}

/** Its type says so, or it is asked whether it is. */
function takesBytes(handler: FunctionNode, name: string, type: string | undefined): boolean {
  if (type !== undefined) return bytes.test(type);
  return [...nodesOf(handler)].some((node) => {
    if (isFunction(node) && node !== handler) return false;
    if (ts.isCallExpression(node)) {
      return node.expression.getText() === "Buffer.isBuffer" && node.arguments[0]?.getText() === name;
    }
    return (
      ts.isBinaryExpression(node) &&
      node.operatorToken.kind === ts.SyntaxKind.InstanceOfKeyword &&
      node.left.getText() === name &&
      bytes.test(node.right.getText())
    );
  });
}
