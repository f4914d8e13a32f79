import ts from "typescript";

/** Every node below one, itself included, in the order of the source. */
export function* nodesOf(root: ts.Node): Generator<ts.Node> {
  yield root;
  const children: ts.Node[] = [];
  ts.forEachChild(root, (child) => void children.push(child));
  for (const child of children) yield* nodesOf(child);
}

export type FunctionNode = ts.FunctionLikeDeclaration;

export const isFunction = (node: ts.Node): node is FunctionNode =>
  ts.isFunctionLike(node) && "body" in node && node.body !== undefined;

/** What a piece of code is part of: the nearest function around it, or its module. */
export function ownerOf(node: ts.Node): FunctionNode | ts.SourceFile {
  let at = node.parent;
  while (!isFunction(at) && !ts.isSourceFile(at)) at = at.parent;
  return at;
}

export function isInside(node: ts.Node, outer: ts.Node): boolean {
  for (let at: ts.Node | undefined = node; at !== undefined; at = at.parent) if (at === outer) return true;
  return false;
}

/** Without parentheses, `!`, `as`, `satisfies` and `await` around it. */
export function bare(node: ts.Expression): ts.Expression {
  let at = node;
  while (
    ts.isParenthesizedExpression(at) ||
    ts.isNonNullExpression(at) ||
    ts.isAsExpression(at) ||
    ts.isSatisfiesExpression(at) ||
    ts.isAwaitExpression(at)
  ) {
    at = at.expression;
  }
  return at;
}

/** `push` of `list.push(…)` and of `list["push"](…)`. */
export function methodOf(call: ts.CallExpression): string | undefined {
  return memberOf(bare(call.expression));
}

export function memberOf(node: ts.Node): string | undefined {
  if (ts.isPropertyAccessExpression(node)) return node.name.text;
  if (ts.isElementAccessExpression(node) && ts.isStringLiteralLike(node.argumentExpression)) {
    return node.argumentExpression.text;
  }
  return undefined;
}

/** `list` of `list.push(…)`. */
export function receiverOf(call: ts.CallExpression): ts.Expression | undefined {
  const callee = bare(call.expression);
  const isMember = ts.isPropertyAccessExpression(callee) || ts.isElementAccessExpression(callee);
  return isMember ? bare(callee.expression) : undefined;
}

/** The identifier that a chain of members and calls begins with. */
export function rootIdentifier(node: ts.Expression): ts.Identifier | undefined {
  let at = bare(node);
  while (
    ts.isPropertyAccessExpression(at) ||
    ts.isElementAccessExpression(at) ||
    ts.isCallExpression(at) ||
    ts.isNewExpression(at)
  ) {
    at = bare(at.expression);
  }
  return ts.isIdentifier(at) ? at : undefined;
}

export const isAssignment = (node: ts.Node): node is ts.BinaryExpression =>
  ts.isBinaryExpression(node) &&
  node.operatorToken.kind >= ts.SyntaxKind.FirstAssignment &&
  node.operatorToken.kind <= ts.SyntaxKind.LastAssignment;

export const isStep = (node: ts.Node): node is ts.PrefixUnaryExpression | ts.PostfixUnaryExpression =>
  (ts.isPrefixUnaryExpression(node) || ts.isPostfixUnaryExpression(node)) &&
  (node.operator === ts.SyntaxKind.PlusPlusToken || node.operator === ts.SyntaxKind.MinusMinusToken);

/** The package of `import x from "p"`, `const { x } = require("p")` and `require("p").x`; undefined for anything else. */
export function packageOf(node: ts.Node | undefined): string | undefined {
  for (let at = node; at !== undefined; at = at.parent) {
    if (ts.isImportDeclaration(at)) return textOf(at.moduleSpecifier);
    if (ts.isImportEqualsDeclaration(at)) {
      return ts.isExternalModuleReference(at.moduleReference)
        ? textOf(at.moduleReference.expression)
        : undefined;
    }
    if (ts.isVariableDeclaration(at)) return at.initializer && requiredIn(at.initializer);
    if (ts.isStatement(at)) return undefined;
  }
  return undefined;
}

/** The package of `require("p")`, `new require("p")` and `module.require("p")`, with members of it asked for or not. */
export function requiredIn(node: ts.Expression): string | undefined {
  let at = bare(node);
  while (ts.isPropertyAccessExpression(at)) at = bare(at.expression);
  if (!ts.isCallExpression(at) && !ts.isNewExpression(at)) return undefined;
  return /^(module\.)?require$/.test(at.expression.getText()) ? textOf(at.arguments?.[0]) : undefined;
}

const textOf = (node: ts.Node | undefined): string | undefined =>
  node !== undefined && ts.isStringLiteralLike(node) ? node.text : undefined;

export const lineOf = (node: ts.Node): number => {
  const source = node.getSourceFile();
  return source.getLineAndCharacterOfPosition(node.getStart(source)).line + 1;
};

/** What a variable or a field was first set to. */
export function initializerOf(symbol: ts.Symbol | undefined): ts.Expression | undefined {
  const declaration = symbol?.valueDeclaration;
  if (declaration === undefined) return undefined;
  if (ts.isVariableDeclaration(declaration) || ts.isPropertyDeclaration(declaration))
    return declaration.initializer;
  if (ts.isPropertyAssignment(declaration)) return declaration.initializer;
  const assigned = ts.isBinaryExpression(declaration) ? declaration : declaration.parent;
  return assigned !== undefined && ts.isBinaryExpression(assigned) ? assigned.right : undefined;
}
