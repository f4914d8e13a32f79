import ts from "typescript";
import type { Examination } from "../examination.ts";
import type { Finding } from "../finding.ts";
import { lineOf, methodOf, nodesOf, ownerOf, receiverOf } from "../syntax.ts";

const writing =
  /^(writeFile|writeFileSync|appendFile|appendFileSync|createWriteStream|writeJson|writeJSON|outputFile)$/;
/** Databases that are a file beside the app. */
const embedded =
  /^(sqlite3|better-sqlite3|sqlite|lowdb|nedb|nedb-promises|@seald-io\/nedb|node-json-db|node-persist|level|node:sqlite)$/;

/** Files that packets write: an instance's disk is its own, and goes with it. */
export function findLocalFiles({ app, names, runners }: Examination): readonly Finding[] {
  return app.files.flatMap((file) =>
    [...nodesOf(file)].flatMap((node) => {
      if (!ts.isCallExpression(node) && !ts.isNewExpression(node)) return [];
      const isWrite =
        ts.isCallExpression(node) &&
        writing.test(methodOf(node) ?? node.expression.getText()) &&
        /^(node:)?fs(\/promises|-extra)?$/.test(names.packageOf(receiverOf(node) ?? node.expression) ?? "") &&
        runners.of(ownerOf(node)).size > 0 &&
        !/tmp/i.test(node.arguments[0]?.getText() ?? "");
      const isDatabase =
        ts.isNewExpression(node) &&
        embedded.test(names.packageOf(node.expression) ?? "") &&
        !/adapter|adapters?\//i.test(node.expression.getText());
      if (!isWrite && !isDatabase) return [];
      const message =
        "Every instance has a disk of its own, which is read-only but for /tmp, and goes with it. Keep this where all instances reach it: io.shared, a table, an object store";
      return [
        {
          file: file.fileName,
          line: lineOf(node),
          pattern: "local-file" as const,
          name: node.expression.getText().slice(0, 60),
          message,
        },
      ];
    }),
  );
}
