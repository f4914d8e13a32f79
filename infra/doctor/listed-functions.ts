import ts from "typescript";
import type { Names } from "./names.ts";
import { bare, isFunction, memberOf, methodOf, receiverOf, type FunctionNode } from "./syntax.ts";

const loops = new Set(["forEach", "map"]);

/**
 * The functions that an expression may be in a loop over a list or an object of them: `handler` of
 * `for (const [name, handler] of Object.entries(handlers))`, `one.run` of `all.forEach((one) => …)`, `handlers[name]`.
 */
export function listedFunctions(expression: ts.Expression, names: Names): readonly FunctionNode[] {
  const node = bare(expression);
  const receiver = ts.isCallExpression(node) && methodOf(node) === "bind" ? receiverOf(node) : undefined;
  if (receiver !== undefined) return listedFunctions(receiver, names);
  if (ts.isElementAccessExpression(node)) return functionsIn(elementsOf(node.expression, names), names);
  const member = memberOf(node);
  const root = member === undefined ? node : bare((node as ts.PropertyAccessExpression).expression);
  if (!ts.isIdentifier(root)) return [];
  const declaration = names.symbolOf(root)?.valueDeclaration;
  const elements = declaration === undefined ? [] : elementsFor(declaration, names);
  return functionsIn(
    member === undefined ? elements : elements.flatMap((one) => propertyOf(one, member, names)),
    names,
  );
}

const functionsIn = (elements: readonly ts.Expression[], names: Names): readonly FunctionNode[] =>
  elements.flatMap((one) => names.functionOf(one) ?? []);

/** What a name of a loop stands for, one round after the other. */
function elementsFor(declaration: ts.Declaration, names: Names): readonly ts.Expression[] {
  if (ts.isBindingElement(declaration)) {
    const pattern = declaration.parent;
    const listed = listOf(pattern.parent);
    if (listed === undefined) return [];
    if (ts.isArrayBindingPattern(pattern)) {
      const index = pattern.elements.indexOf(declaration);
      // `Object.entries(…)`, or a list of pairs.
      const ofEntries = entriesOf(listed, names);
      if (ofEntries !== undefined) return index === 1 ? ofEntries : [];
      return elementsOf(listed, names).flatMap((one) => {
        const pair = names.literalOf(one);
        const element = pair && ts.isArrayLiteralExpression(pair) ? pair.elements[index] : undefined;
        return element ?? [];
      });
    }
    const name = (declaration.propertyName ?? declaration.name).getText();
    return elementsOf(listed, names).flatMap((one) => propertyOf(one, name, names));
  }
  const listed = listOf(declaration);
  return listed === undefined ? [] : elementsOf(listed, names);
}

/** `all` of `for (const one of all)`, and of `all.forEach((one) => …)`, by what declares `one`. */
function listOf(declaration: ts.Node): ts.Expression | undefined {
  if (ts.isVariableDeclaration(declaration)) {
    const loop = declaration.parent.parent;
    return ts.isForOfStatement(loop) ? loop.expression : undefined;
  }
  if (!ts.isParameter(declaration)) return undefined;
  const call = declaration.parent.parent;
  const isFirst = declaration.parent.parameters[0] === declaration;
  if (!isFirst || !ts.isCallExpression(call) || !loops.has(methodOf(call) ?? "")) return undefined;
  return receiverOf(call);
}

/** Of a list, its elements; of an object, and of `Object.values(object)`, its values. */
function elementsOf(expression: ts.Expression, names: Names): readonly ts.Expression[] {
  const node = bare(expression);
  const ofValues = valuesOf(node, "values", names);
  if (ofValues !== undefined) return ofValues;
  const literal = names.literalOf(node);
  // What a module exports one by one.
  if (literal === undefined) return names.functionsIn(node) as unknown as readonly ts.Expression[];
  if (ts.isArrayLiteralExpression(literal)) {
    return literal.elements.flatMap((one) =>
      ts.isSpreadElement(one) ? elementsOf(one.expression, names) : [one],
    );
  }
  return literal.properties.flatMap((property) => valueOfProperty(property));
}

const entriesOf = (node: ts.Expression, names: Names): readonly ts.Expression[] | undefined =>
  valuesOf(bare(node), "entries", names);

function valuesOf(node: ts.Expression, method: string, names: Names): readonly ts.Expression[] | undefined {
  if (!ts.isCallExpression(node) || methodOf(node) !== method) return undefined;
  const [given] = node.arguments;
  return receiverOf(node)?.getText() === "Object" && given ? elementsOf(given, names) : undefined;
}

function propertyOf(element: ts.Expression, name: string, names: Names): readonly ts.Expression[] {
  const literal = names.literalOf(element);
  if (literal === undefined || ts.isArrayLiteralExpression(literal)) return [];
  return literal.properties.filter((one) => one.name?.getText() === name).flatMap(valueOfProperty);
}

/** A method is an expression to nobody but itself: names find its function. */
function valueOfProperty(property: ts.ObjectLiteralElementLike): readonly ts.Expression[] {
  if (ts.isPropertyAssignment(property)) return [property.initializer];
  if (ts.isShorthandPropertyAssignment(property)) return [property.name];
  return isFunction(property) ? [property as unknown as ts.Expression] : [];
}
