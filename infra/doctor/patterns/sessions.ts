import ts from "typescript";
import type { Examination } from "../examination.ts";
import type { Finding } from "../finding.ts";
import { bare, lineOf, nodesOf } from "../syntax.ts";

/** Sessions of HTTP that are kept in the memory of one process. */
export function findSessions({ app, names }: Examination): readonly Finding[] {
  return app.files.flatMap((file) =>
    [...nodesOf(file)].flatMap((node) => {
      if (!ts.isCallExpression(node)) return [];
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

function hasStore({ arguments: [options] }: ts.CallExpression): boolean {
  if (options === undefined) return false;
  const at = bare(options);
  // Options from elsewhere may have one.
  if (!ts.isObjectLiteralExpression(at)) return true;
  return at.properties.some(
    (property) => ts.isSpreadAssignment(property) || property.name?.getText() === "store",
  );
}
