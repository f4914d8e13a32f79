import ts from "typescript";
import type { Examination } from "../examination.ts";
import type { Edit } from "../finding.ts";
import type { Place } from "../places.ts";
import { bare, isInside, memberOf, nodesOf, ownerOf } from "../syntax.ts";

/**
 * `let typing = false` in a connection listener as `socket.data.typing`: every mention of it, where that is safe.
 * Undefined where it has no literal value to begin with, stands beside others, or `socket` means something else there.
 */
export function rewriteAsData(place: Place, { names, roots, app }: Examination): readonly Edit[] | undefined {
  const { declaration, key } = place;
  if (typeof key === "string" || !ts.isVariableDeclaration(declaration)) return undefined;
  const listener = ownerOf(declaration);
  if (ts.isSourceFile(listener) || roots.get(listener)?.kind !== "listener") return undefined;
  const parameter = listener.parameters[0]?.name;
  if (parameter === undefined || !ts.isIdentifier(parameter) || !ts.isIdentifier(declaration.name))
    return undefined;
  const list = declaration.parent;
  const statement = list.parent;
  if (!ts.isVariableStatement(statement) || !ts.isVariableDeclarationList(list)) return undefined;
  if (list.declarations.length !== 1) return undefined;
  if (declaration.initializer && !isPlain(declaration.initializer)) return undefined;
  const name = declaration.name.text;
  const socket = names.symbolOf(parameter);
  const member = `${parameter.text}.data.${name}`;
  if (socket === undefined || isTaken(app.files, name)) return undefined;

  const file = declaration.getSourceFile();
  const edits: Edit[] = [];
  for (const mention of names.referencesTo(key)) {
    if (mention === declaration.name) continue;
    const isHere = mention.getSourceFile() === file && isInside(mention, listener);
    if (!isHere || isShadowed(mention, parameter.text, listener)) return undefined;
    const isShort = ts.isShorthandPropertyAssignment(mention.parent);
    edits.push({ ...rangeOf(mention), text: isShort ? `${name}: ${member}` : member });
  }
  const first = declaration.initializer?.getText();
  // Without a value to begin with there is nothing to write: what is not there is undefined.
  edits.push({ ...rangeOf(statement), text: first === undefined ? "" : `${member} ??= ${first};` });
  return edits;
}

const rangeOf = (node: ts.Node): Omit<Edit, "text"> => ({
  file: node.getSourceFile().fileName,
  start: node.getStart(),
  end: node.getEnd(),
});

function isPlain(node: ts.Expression): boolean {
  const at = bare(node);
  if (ts.isArrayLiteralExpression(at)) return at.elements.every(isPlain);
  if (ts.isObjectLiteralExpression(at)) {
    return at.properties.every(
      (property) => ts.isPropertyAssignment(property) && isPlain(property.initializer),
    );
  }
  const keywords = [ts.SyntaxKind.TrueKeyword, ts.SyntaxKind.FalseKeyword, ts.SyntaxKind.NullKeyword];
  return ts.isStringLiteralLike(at) || ts.isNumericLiteral(at) || keywords.includes(at.kind);
}

/** Somebody writes that member of `socket.data` already. */
const isTaken = (files: readonly ts.SourceFile[], name: string): boolean =>
  files.some((file) =>
    [...nodesOf(file)].some(
      (node) =>
        ts.isPropertyAccessExpression(node) &&
        node.name.text === name &&
        memberOf(node.expression) === "data",
    ),
  );

/** Another `socket` stands between the listener and here. */
function isShadowed(node: ts.Node, name: string, listener: ts.Node): boolean {
  for (let at = node.parent; at !== listener; at = at.parent) {
    if (ts.isFunctionLike(at) && at.parameters.some((parameter) => parameter.name.getText() === name))
      return true;
    if (ts.isBlock(at) && new RegExp(`\\b(let|const|var)\\s+${name}\\b`).test(at.getText())) return true;
  }
  return false;
}
