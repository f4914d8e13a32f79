import ts from "typescript";
import type { Examination } from "../doctor/examination.ts";
import type { Place } from "../doctor/places.ts";
import { isAssignment, isStep, nodesOf, ownerOf, requiredIn } from "../doctor/syntax.ts";
import { after, type Insertion } from "./insertion.ts";
import { lineFrom } from "./line.ts";
import type { Reason } from "./obstacles.ts";

/**
 * Every mention of a variable that is to be a holder becomes one of what it holds: `count` becomes `count.value`. Names that
 * modules import are bound to the same holder, so imports and exports stay as they are.
 */
export function rewriteReferences(
  place: Place,
  isScalar: boolean,
  examination: Examination,
): readonly Insertion[] | Reason {
  const { names } = examination;
  const symbol = place.key as ts.Symbol;
  const insertions: Insertion[] = [];
  for (const node of names.referencesTo(symbol)) {
    if (!ts.isIdentifier(node) || isName(node, place.declaration)) continue;
    const isCopy = names.boundTo(node) !== symbol;
    if (isCopy && (isScalar || isKeyOnly(node))) continue;
    const reason = reasonAgainst(node, place, isCopy, isScalar, examination);
    if (reason !== undefined) return { code: "keep.unknown_form", message: reason };
    const isShorthand = ts.isShorthandPropertyAssignment(node.parent) && node.parent.name === node;
    insertions.push(after(node, isShorthand ? `: ${node.text}.value` : ".value"));
  }
  const reason = handedOnAsModule(symbol, examination);
  return reason === undefined ? insertions : { code: "keep.unknown_form", message: reason };
}

/** A mention that is no use: where it is declared, imported, exported, or asked for its type. */
function isName(node: ts.Identifier, declaration: ts.Node): boolean {
  const { parent } = node;
  if (ts.isImportSpecifier(parent) || ts.isExportSpecifier(parent) || ts.isImportClause(parent)) return true;
  if (parent === declaration && !(ts.isBindingElement(parent) && parent.initializer === node)) {
    return (declaration as ts.VariableDeclaration).initializer !== node;
  }
  let at: ts.Node = parent;
  while (ts.isQualifiedName(at)) at = at.parent;
  return ts.isTypeQueryNode(at);
}

/** `users` of `{ users: users }` and of `exports.users = users`: a name for a copy, which counts where somebody reads it. */
function isKeyOnly(node: ts.Identifier): boolean {
  const { parent } = node;
  if (ts.isPropertyAssignment(parent)) return parent.name === node;
  if (!ts.isPropertyAccessExpression(parent) || parent.name !== node) return false;
  const isExport = /^(module\.)?exports$/.test(parent.expression.getText());
  return isExport && ts.isBinaryExpression(parent.parent) && parent.parent.left === parent;
}

function reasonAgainst(
  node: ts.Identifier,
  { declaration }: Place,
  isCopy: boolean,
  isScalar: boolean,
  { runners }: Examination,
): string | undefined {
  const owner = ownerOf(node);
  const where = `in ${lineFrom(declaration, node)}`;
  if (isCopy) {
    return `it is set to another value after it was exported, which who reads it ${where} does not see: export a function that returns it`;
  }
  if (ts.isExportAssignment(node.parent)) return "it is the default export: export it by its name";
  const isEarly = owner === ownerOf(declaration) && node.getEnd() < declaration.getStart();
  if (isEarly && node.getSourceFile() === declaration.getSourceFile())
    return `it is used ${where}, before it is declared`;
  const isAtLoading = runners.of(owner).size === 0;
  if (!isScalar && isAtLoading && isHandedOn(node) && !isReadLater(node)) {
    return `it is handed on ${where} while the app is loaded, and set to another value later: hand on a function that returns it`;
  }
  return undefined;
}

/** As a value, and not to be looked at or to be set. */
function isHandedOn(node: ts.Identifier): boolean {
  const { parent } = node;
  if (ts.isPropertyAccessExpression(parent) || ts.isElementAccessExpression(parent))
    return parent.expression !== node;
  if (isAssignment(parent) && parent.left === node) return false;
  if (
    isStep(parent) ||
    ts.isForOfStatement(parent) ||
    ts.isForInStatement(parent) ||
    ts.isIfStatement(parent)
  )
    return false;
  if (ts.isPrefixUnaryExpression(parent) || ts.isTypeOfExpression(parent)) return false;
  return !(ts.isCallExpression(parent) && /^console\./.test(parent.expression.getText()));
}

/** `module.exports = { users }`, where nobody reads it: who does is asked for himself. Or in a function that runs later. */
function isReadLater(node: ts.Identifier): boolean {
  const owner = ownerOf(node);
  if (!ts.isSourceFile(owner)) return ts.isReturnStatement(node.parent) || ts.isArrowFunction(node.parent);
  let at: ts.Node = node.parent;
  if (!ts.isShorthandPropertyAssignment(at) && !ts.isPropertyAssignment(at) && !ts.isBinaryExpression(at))
    return false;
  if (!ts.isBinaryExpression(at)) at = at.parent.parent;
  return ts.isBinaryExpression(at) && /^(module\.)?exports\b/.test(at.left.getText());
}

/** A module that is more than asked for its members would hand out the holder itself. */
function handedOnAsModule(symbol: ts.Symbol, { app, names }: Examination): string | undefined {
  const declaration = symbol.valueDeclaration;
  const home = declaration?.getSourceFile();
  if (declaration === undefined || home === undefined || !isExported(symbol, names)) return undefined;
  const isOfHome = (asked: ts.Expression) => names.moduleOf(asked)?.valueDeclaration === home;
  for (const node of app.files.flatMap((file) => [...nodesOf(file)])) {
    if (ts.isNamespaceImport(node) && isOfHome(node.parent.parent.moduleSpecifier)) {
      const whole = names.symbolOf(node.name);
      // Resolved to the module itself, as every other name for it is.
      const strange = (whole ? names.referencesTo(whole) : []).find(
        (one) =>
          ts.isIdentifier(one) && one !== node.name && !isMemberRead(one) && !ts.isImportClause(one.parent),
      );
      if (strange)
        return `the module that exports it is handed on in ${lineFrom(declaration, strange)}: import the variable by its name`;
    }
    const asked = ts.isCallExpression(node) && isModuleCall(node) ? node.arguments[0] : undefined;
    if (asked && isOfHome(asked))
      return `the module that exports it is loaded by a call in ${lineFrom(declaration, node)}: import the variable by its name`;
  }
  return undefined;
}

const isModuleCall = (node: ts.CallExpression): boolean =>
  node.expression.kind === ts.SyntaxKind.ImportKeyword || requiredIn(node) !== undefined;

const isMemberRead = (node: ts.Node): boolean =>
  (ts.isPropertyAccessExpression(node.parent) && node.parent.expression === node) ||
  ts.isNamespaceImport(node.parent);

/** As modules of ES do it, where importing names are bound to the variable. */
function isExported(symbol: ts.Symbol, names: Examination["names"]): boolean {
  const declaration = symbol.valueDeclaration;
  const statement = declaration?.parent.parent;
  const isMarked =
    statement !== undefined &&
    ts.isVariableStatement(statement) &&
    (statement.modifiers ?? []).some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword);
  return isMarked || names.referencesTo(symbol).some((node) => ts.isExportSpecifier(node.parent));
}
