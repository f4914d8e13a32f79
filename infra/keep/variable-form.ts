import ts from "typescript";
import type { Examination } from "../doctor/examination.ts";
import type { KeptPlace } from "../doctor/kept-places.ts";
import { valueOf, type Place } from "../doctor/places.ts";
import { isFunction, ownerOf } from "../doctor/syntax.ts";
import { RUNTIME, type Form, type FormContext } from "./form.ts";
import { after, around, instead, type Insertion } from "./insertion.ts";
import { toMethodsForm } from "./methods-form.ts";
import { isObjectWithMethods, type Reason } from "./obstacles.ts";
import { reasonOfKind } from "./kinds-over-time.ts";
import { isRepeated, runsOnce } from "./once.ts";
import { rewriteReferences } from "./references.ts";
import { isContainer, kindOf, kindOfType } from "./values.ts";

type Declaration = ts.VariableDeclaration | ts.BindingElement;

/**
 * `const users = {}` becomes a container of the table, whose name nobody has to mind. What is set to another value becomes
 * a holder, and so does every variable of the connection listener, which begins with what the socket has.
 */
export function toVariableForm(found: KeptPlace, context: FormContext): Form | Reason {
  const { place, isOfListener } = found;
  const { examination, id } = context;
  const declaration = place.declaration as Declaration;
  const symbol = place.key as ts.Symbol;
  const refused = reasonOfPlace(declaration, symbol, found, examination);
  if (refused !== undefined) return refused;
  const initial = valueOf(place);
  const kind = ts.isBindingElement(declaration)
    ? kindOfType(examination.names.typeOf(declaration.name))
    : kindOf(initial, examination.names);
  if (!isOfListener && initial !== undefined && isObjectWithMethods(initial))
    return toMethodsForm(found, context);
  if (isOfListener) {
    const socket = socketInSight(declaration, examination);
    if (socket === undefined) {
      return unknown(
        "no parameter around it is the socket that it belongs to: hand the socket over to the function that declares it",
      );
    }
    return toHolder(place, kind, `${RUNTIME}.ofSocket(${socket}, ${JSON.stringify(id)}, `, examination);
  }
  const isReassigned = found.allChanges.some(({ isWhole }) => isWhole);
  const changed = reasonOfKind(kind, place, found.allChanges, examination.names);
  if (changed !== undefined) return changed;
  const opening = (call: string) => `${RUNTIME}.${call}(${JSON.stringify(id)}, `;
  if (!isContainer(kind) || isReassigned) return toHolder(place, kind, opening("variable"), examination);
  return { kind, insertions: [declare(declaration, opening("container"))].flat() };
}

function toHolder(
  place: Place,
  kind: Form["kind"],
  opening: string,
  examination: Examination,
): Form | Reason {
  const isScalar = kind === "number" || kind === "string" || kind === "boolean";
  const references = rewriteReferences(place, isScalar, examination);
  if ("code" in references) return references;
  return { kind, insertions: [...declare(place.declaration as Declaration, opening), ...references] };
}

/** Puts what makes it around what it begins with. */
function declare(declaration: Declaration, opening: string): readonly Insertion[] {
  if (ts.isBindingElement(declaration)) return declareBound(declaration, opening);
  const { name, initializer, exclamationToken: mark, type } = declaration;
  if (initializer !== undefined) return around(initializer, opening, ")");
  const end = after(type ?? mark ?? name, ` = ${opening}undefined)`, 9);
  return mark === undefined ? [end] : [instead(mark, ""), end];
}

/** `let { a } = x` becomes `let { a: a$initial } = x, a = …(a$initial)`. */
function declareBound(declaration: ts.BindingElement, opening: string): readonly Insertion[] {
  const name = declaration.name as ts.Identifier;
  const initial = `${name.text}$initial`;
  const isShort =
    ts.isObjectBindingPattern(declaration.parent) && !declaration.propertyName && !declaration.dotDotDotToken;
  return [
    instead(name, isShort ? `${name.text}: ${initial}` : initial),
    after(outermost(declaration), `, ${name.text} = ${opening}${initial})`, 9),
  ];
}

function outermost(declaration: Declaration): ts.VariableDeclaration {
  let at: ts.Node = declaration;
  while (!ts.isVariableDeclaration(at)) at = at.parent;
  return at;
}

function reasonOfPlace(
  declaration: Declaration,
  symbol: ts.Symbol,
  { isOfListener }: KeptPlace,
  examination: Examination,
): Reason | undefined {
  const declarations = (symbol.declarations ?? []).filter((one) => !ts.isExpression(one));
  if (declarations.length > 1) return unknown("it is declared more than once: declare it once");
  const list = outermost(declaration).parent;
  if (!ts.isVariableDeclarationList(list) || !ts.isVariableStatement(list.parent)) {
    return unknown("it is declared in the head of a loop, or of a catch: declare it before");
  }
  if (!ts.isIdentifier(declaration.name))
    return unknown("it is declared in a form that is not known: declare it by a name of its own");
  const owner = ownerOf(declaration);
  if (isOfListener) return undefined;
  if (!runsOnce(owner, examination) || isRepeated(declaration)) {
    return {
      code: "keep.made_often",
      message:
        "the code that declares it may run more than once, and each time makes another one: declare it in the module",
    };
  }
  return undefined;
}

/** The name of the parameter that is the socket, of the nearest function around. */
function socketInSight(node: ts.Node, { isSocket }: Examination): string | undefined {
  for (let at: ts.Node = node; !ts.isSourceFile(at); at = at.parent) {
    if (!isFunction(at)) continue;
    const found = at.parameters.find(({ name }) => ts.isIdentifier(name) && isSocket(name));
    if (found !== undefined) return found.name.getText();
  }
  return undefined;
}

const unknown = (message: string): Reason => ({ code: "keep.unknown_form", message });
