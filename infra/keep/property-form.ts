import ts from "typescript";
import type { Change } from "../doctor/changes.ts";
import type { KeptPlace } from "../doctor/kept-places.ts";
import { isAssignment, lineOf, ownerOf } from "../doctor/syntax.ts";
import { replaceUpTo } from "./field-form.ts";
import { RUNTIME, type Form, type FormContext } from "./form.ts";
import { around } from "./insertion.ts";
import { reasonOfKind } from "./kinds-over-time.ts";
import { isObjectWithMethods, type Reason } from "./obstacles.ts";
import { isRepeated, runsOnce } from "./once.ts";
import { isContainer, kindOf } from "./values.ts";

/**
 * `exports.users = []`, `global.users = {}`, and `users = {}` of sloppy code, which is the same. A container that stays is one
 * of the table; any other becomes a property that reads and sets what is kept, so that nobody who mentions it has to change.
 */
export function toPropertyForm(
  { place, allChanges }: KeptPlace,
  { examination, id }: FormContext,
): Form | Reason {
  const sets = allChanges.filter(({ isWhole }) => isWhole);
  const isAtLoading = ({ owner, node }: Change) => runsOnce(owner, examination) && !isRepeated(node);
  const first = sets.find(isAtLoading)?.node ?? place.declaration.parent;
  if (
    !isAssignment(first) ||
    !ts.isExpressionStatement(first.parent) ||
    !runsOnce(ownerOf(first), examination)
  ) {
    return unknown("it is not set in a statement of its own while the app is loaded: do that first");
  }
  const { left, right, operatorToken } = first;
  if (operatorToken.kind !== ts.SyntaxKind.EqualsToken) {
    return unknown(
      `line ${lineOf(first)} sets it only where it is not set yet: set it once, while the app is loaded`,
    );
  }
  if (isObjectWithMethods(right)) return unknown("it has methods: keep what changes in an object without");
  const kind = kindOf(right, examination.names);
  const name = JSON.stringify(id);
  const isReassigned = sets.some(({ node }) => node !== first);
  if (isContainer(kind) && !isReassigned)
    return { kind, insertions: around(right, `${RUNTIME}.container(${name}, `, ")") };
  const others = sets.filter(({ node }) => node !== first);
  const changed = reasonOfKind(kind, place, others, examination.names);
  if (changed !== undefined) return changed;
  const target = targetOf(left);
  if (target === undefined) return unknown(`line ${lineOf(first)} sets it in a way that is not known`);
  const opening = `${RUNTIME}.property(${target}, ${name}, `;
  return { kind, insertions: [...replaceUpTo(left, right, opening), ...around(right, "", ")")] };
}

/** The object, and the name of the property, as arguments. */
function targetOf(left: ts.Expression): string | undefined {
  if (ts.isIdentifier(left)) return `globalThis, ${JSON.stringify(left.text)}`;
  if (!ts.isPropertyAccessExpression(left)) return undefined;
  return `${left.expression.getText()}, ${JSON.stringify(left.name.text)}`;
}

const unknown = (message: string): Reason => ({ code: "keep.unknown_form", message });
