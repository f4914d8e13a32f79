import ts from "typescript";
import type { Examination } from "../doctor/examination.ts";
import type { KeptPlace } from "../doctor/kept-places.ts";
import { classOf, valueOf } from "../doctor/places.ts";
import { decoratorsOf } from "../doctor/roots.ts";
import { bare, isAssignment, nodesOf, ownerOf } from "../doctor/syntax.ts";
import { RUNTIME, type Form, type FormContext } from "./form.ts";
import { around, instead } from "./insertion.ts";
import { lineFrom } from "./line.ts";
import { reasonOfKind } from "./kinds-over-time.ts";
import type { Reason } from "./obstacles.ts";
import { isRepeated, runsOnce } from "./once.ts";
import { isContainer, kindOf } from "./values.ts";

/**
 * A field of a class of which there is one object, made while the app is loaded, or a static one. A container is one of the
 * table; any other becomes a property of the object that reads and sets what is kept.
 */
export function toFieldForm(found: KeptPlace, { examination, id }: FormContext): Form | Reason {
  const { place, allChanges } = found;
  const { declaration } = place;
  const home = ts.isPropertyDeclaration(declaration) ? declaration.parent : classOf(declaration);
  if (home === undefined) return unknown("the class that it is a field of is not known");
  const isStatic =
    ts.isPropertyDeclaration(declaration) &&
    ts.getModifiers(declaration)?.some(({ kind }) => kind === ts.SyntaxKind.StaticKeyword) === true;
  const reason = isStatic ? undefined : reasonOfMaking(home, examination);
  if (reason !== undefined) return reason;
  const initial = valueOf(place);
  const kind = kindOf(initial, examination.names);
  const name = JSON.stringify(id.replace(/:/, `:${home.name?.text ?? "class"}.`));
  const isReassigned = allChanges.some(({ isWhole, node }) => isWhole && !isInitial(node, declaration));
  if (initial !== undefined && isContainer(kind) && !isReassigned) {
    return { kind, insertions: around(initial, `${RUNTIME}.container(${name}, `, ")") };
  }
  const changed = reasonOfKind(kind, place, allChanges, examination.names);
  return changed ?? toProperty(declaration, initial, kind, name);
}

function toProperty(
  declaration: ts.Node,
  initial: ts.Expression | undefined,
  kind: Form["kind"],
  name: string,
): Form | Reason {
  const value = initial === undefined ? "undefined" : "";
  if (ts.isPropertyDeclaration(declaration)) {
    const { name: field } = declaration;
    const modifiers = ts.getModifiers(declaration) ?? [];
    const isStatic = modifiers.some(({ kind: one }) => one === ts.SyntaxKind.StaticKeyword) ? "static " : "";
    if (ts.isPrivateIdentifier(field)) {
      const holder = `${field.text}$kept`;
      const accessors = `${isStatic}get ${field.text}() { return this.${holder}.value; } ${isStatic}set ${field.text}(value) { this.${holder}.value = value; } `;
      return wrapField(
        declaration,
        kind,
        `${accessors}${isStatic}${holder} = ${RUNTIME}.variable(${name}, `,
        `${value})`,
      );
    }
    if (!ts.isIdentifier(field)) return unknown("it is a field whose name is not written as it is");
    const made = `${RUNTIME}.property(this, ${JSON.stringify(field.text)}, ${name}, `;
    return wrapField(
      declaration,
      kind,
      isStatic ? `static { ${made}` : `#${field.text}$kept = ${made}`,
      isStatic ? `${value}); }` : `${value})`,
    );
  }
  const assignment = isAssignment(declaration) ? declaration : declaration.parent;
  if (
    !isAssignment(assignment) ||
    !ts.isExpressionStatement(assignment.parent) ||
    !ts.isPropertyAccessExpression(assignment.left)
  ) {
    return unknown(
      "it is not set in a statement of its own where the object is made: do that in the constructor",
    );
  }
  const { left, right } = assignment;
  const opening = `${RUNTIME}.property(${left.expression.getText()}, ${JSON.stringify(left.name.text)}, ${name}, `;
  return { kind, insertions: [...replaceUpTo(left, right, opening), ...around(right, "", ")")] };
}

/** From the beginning of a field to its value, and behind that. */
function wrapField(
  declaration: ts.PropertyDeclaration,
  kind: Form["kind"],
  opening: string,
  closing: string,
): Form {
  const { initializer } = declaration;
  if (initializer === undefined) return { kind, insertions: [instead(declaration, `${opening}${closing};`)] };
  return {
    kind,
    insertions: [...replaceUpTo(declaration, initializer, opening), ...around(initializer, "", closing)],
  };
}

/** What stands before a value, from where a node begins. */
export const replaceUpTo = (node: ts.Node, value: ts.Node, text: string) => [
  { file: node.getSourceFile().fileName, start: node.getStart(), end: value.getStart(), text, depth: 0 },
];

/** One `new`, which runs once, and nobody extends the class. */
function reasonOfMaking(home: ts.ClassLikeDeclaration, examination: Examination): Reason | undefined {
  const { app, names } = examination;
  const symbol = home.name && names.symbolOf(home.name);
  const nodes = app.files.flatMap((file) => [...nodesOf(file)]);
  const isHome = (node: ts.Expression) => symbol !== undefined && names.symbolOf(bare(node)) === symbol;
  const made = nodes.filter((node) => ts.isNewExpression(node) && isHome(node.expression));
  const isExtended = nodes.some(
    (node) => ts.isHeritageClause(node) && node.types.some(({ expression }) => isHome(expression)),
  );
  const [only] = made;
  const isOne = made.length === 1 && only !== undefined && !isExtended && decoratorsOf(home).length === 0;
  if (isOne && !isRepeated(only) && runsOnce(ownerOf(only), examination)) return undefined;
  const where = made.map((node) => lineFrom(home, node)).join(", ");
  return {
    code: "keep.made_often",
    message: `objects of ${home.name?.text ?? "its class"} are made ${where === "" ? "elsewhere" : `in ${where}`}, where more than one may be: keep what changes in a plain object`,
  };
}

const isInitial = (node: ts.Node, declaration: ts.Node): boolean =>
  node === declaration || node === declaration.parent;

const unknown = (message: string): Reason => ({ code: "keep.unknown_form", message });
