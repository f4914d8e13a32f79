import ts from "typescript";
import type { Examination } from "../examination.ts";
import type { Finding } from "../finding.ts";
import { bare, lineOf, methodOf, nodesOf, receiverOf } from "../syntax.ts";

/** Sessions of HTTP that are kept in the memory of one process, and middlewares of requests that nobody sees. */
export function findSessions({ app, names, isServer }: Examination): readonly Finding[] {
  return app.files.flatMap((file) =>
    [...nodesOf(file)].flatMap((node) => {
      if (!ts.isCallExpression(node)) return [];
      const receiver = receiverOf(node);
      if (methodOf(node) === "use" && receiver && isEngine(receiver, isServer)) {
        const message =
          "No request of Node's goes through an instance, so there is nothing to run a middleware on. Let the option allowRequest decide, or io.use, which has socket.request with its headers";
        return [
          {
            file: file.fileName,
            line: lineOf(node),
            pattern: "session" as const,
            name: node.expression.getText(),
            message,
          },
        ];
      }
      if (!ts.isIdentifier(bare(node.expression))) return [];
      if (names.packageOf(node.expression) !== "express-session" || hasStore(node)) return [];
      const message =
        "Without a store express-session keeps its sessions in the memory of one process. Give it one that all instances reach, connect-dynamodb for example";
      return [
        {
          file: file.fileName,
          line: lineOf(node),
          pattern: "session" as const,
          name: node.expression.getText(),
          message,
        },
      ];
    }),
  );
}

const isEngine = (node: ts.Expression, isServer: Examination["isServer"]): boolean =>
  ts.isPropertyAccessExpression(node) && node.name.text === "engine" && isServer(node.expression);

function hasStore({ arguments: [options] }: ts.CallExpression): boolean {
  if (options === undefined) return false;
  const at = bare(options);
  // Options from elsewhere may have one.
  if (!ts.isObjectLiteralExpression(at)) return true;
  return at.properties.some(
    (property) => ts.isSpreadAssignment(property) || property.name?.getText() === "store",
  );
}
