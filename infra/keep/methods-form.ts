import ts from "typescript";
import type { Change } from "../doctor/changes.ts";
import type { Examination } from "../doctor/examination.ts";
import type { KeptPlace } from "../doctor/kept-places.ts";
import { valueOf, type Place } from "../doctor/places.ts";
import { bare, isAssignment, isStep, memberOf, nodesOf, receiverOf } from "../doctor/syntax.ts";
import { RUNTIME, type Form, type FormContext } from "./form.ts";
import { around } from "./insertion.ts";
import { lineFrom } from "./line.ts";
import { isMethod, type Reason } from "./obstacles.ts";

/** `const game = { players: {}, start() { … } }`: the object stays, with its methods; each property that is data is kept by itself. */
export function toMethodsForm(found: KeptPlace, { examination, id }: FormContext): Form | Reason {
  const { place, allChanges } = found;
  const literal = bare(valueOf(place) as ts.Expression) as ts.ObjectLiteralExpression;
  const data: string[] = [];
  for (const property of literal.properties) {
    if (isMethod(property)) continue;
    const { name } = property;
    if (name === undefined || !(ts.isIdentifier(name) || ts.isStringLiteralLike(name))) {
      return unknown(
        `its property in ${lineFrom(place.declaration, property)} has no fixed name: give it methods of their own, beside it`,
      );
    }
    data.push(name.text);
  }
  const known = new Set(data);
  for (const change of allChanges) {
    const member = memberChanged(change, place, examination);
    if (member !== undefined && !known.has(member)) {
      return unknown(
        `${lineFrom(place.declaration, change.node)} gives it a property that it does not have from the beginning: keep what changes in an object without methods`,
      );
    }
  }
  const added = [...nodesOf(literal)].find(
    (node) => isOwnMember(node) && !known.has(node.name.text) && isChanged(node),
  );
  if (added !== undefined) {
    return unknown(
      `${lineFrom(place.declaration, added)} gives it a property that it does not have from the beginning: write it where the object is made`,
    );
  }
  const opening = `${RUNTIME}.properties(${JSON.stringify(id)}, ${JSON.stringify(data)}, `;
  return { kind: "object", insertions: around(literal, opening, ")") };
}

/** `players` of `game.players[id] = …`; undefined where another name leads into it, `""` where the object itself is changed. */
function memberChanged({ node }: Change, place: Place, { names }: Examination): string | undefined {
  let at = targetOf(node);
  let member = "";
  while (at !== undefined) {
    const base = bare(at);
    if (ts.isIdentifier(base)) return names.symbolOf(base) === place.key ? member : undefined;
    if (ts.isPropertyAccessExpression(base) || ts.isElementAccessExpression(base)) {
      member = memberOf(base) ?? "";
      at = base.expression;
    } else if (ts.isCallExpression(base)) at = receiverOf(base);
    else return undefined;
  }
  return undefined;
}

function targetOf(node: ts.Node): ts.Expression | undefined {
  if (isAssignment(node)) return node.left;
  if (isStep(node)) return node.operand;
  if (ts.isDeleteExpression(node)) return node.expression;
  if (!ts.isCallExpression(node)) return undefined;
  return node.expression.getText() === "Object.assign" ? node.arguments[0] : receiverOf(node);
}

/** `this.score`, in a method. */
const isOwnMember = (node: ts.Node): node is ts.PropertyAccessExpression =>
  ts.isPropertyAccessExpression(node) && node.expression.kind === ts.SyntaxKind.ThisKeyword;

const isChanged = (node: ts.Node): boolean =>
  (isAssignment(node.parent) && node.parent.left === node) || isStep(node.parent);

const unknown = (message: string): Reason => ({ code: "keep.unknown_form", message });
