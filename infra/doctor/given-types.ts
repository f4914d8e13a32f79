import ts from "typescript";
import { bare, initializerOf } from "./syntax.ts";

/** Who is meant by a name. */
export interface Known {
  symbolOf(node: ts.Node): ts.Symbol | undefined;
  referencesTo(symbol: ts.Symbol): readonly ts.Node[];
  memberOfType(node: ts.Expression, name: string): ts.Symbol | undefined;
}

const MAX_DEPTH = 4;

/**
 * What an expression may be of which JavaScript does not say it: a parameter is what the calls of its function give it, and a
 * field what its constructor was given. Empty where the compiler knows better.
 */
export function givenTypes(
  expression: ts.Expression,
  checker: ts.TypeChecker,
  names: Known,
  depth = 0,
): readonly ts.Type[] {
  const node = bare(expression);
  const type = checker.getTypeAtLocation(node);
  if (!(type.flags & ts.TypeFlags.Any)) return depth === 0 ? [] : [type];
  if (depth > MAX_DEPTH) return [];
  const of = (value: ts.Expression | undefined): readonly ts.Type[] =>
    value === undefined || bare(value) === node ? [] : givenTypes(value, checker, names, depth + 1);
  const symbol = names.symbolOf(node);
  const declaration = symbol?.valueDeclaration;
  if (declaration === undefined) return [];
  if (ts.isParameter(declaration)) return givenTo(declaration, names).flatMap(of);
  if (!ts.isBindingElement(declaration)) return of(initializerOf(symbol));
  const source = declaration.parent.parent;
  const name = declaration.propertyName ?? declaration.name;
  if (!ts.isVariableDeclaration(source) || source.initializer === undefined || !ts.isIdentifier(name))
    return [];
  return of(initializerOf(names.memberOfType(source.initializer, name.text)));
}

/** What calls of its function, or of its class, have in its place. */
function givenTo(parameter: ts.ParameterDeclaration, names: Known): readonly ts.Expression[] {
  const owner = parameter.parent;
  const named = ts.isConstructorDeclaration(owner)
    ? owner.parent.name
    : (owner.name ?? (ts.isVariableDeclaration(owner.parent) ? owner.parent.name : undefined));
  const called = named && names.symbolOf(named);
  const index = owner.parameters.indexOf(parameter);
  return (called ? names.referencesTo(called) : []).flatMap((reference) => {
    const callee = ts.isPropertyAccessExpression(reference.parent) ? reference.parent : reference;
    const { parent: call } = callee;
    const isCall = (ts.isNewExpression(call) || ts.isCallExpression(call)) && call.expression === callee;
    const argument = isCall ? call.arguments?.[index] : undefined;
    return argument === undefined ? [] : [argument];
  });
}
