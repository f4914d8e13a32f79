import ts from "typescript";
import { givenTypes } from "./given-types.ts";
import type { App } from "./program.ts";
import {
  bare,
  initializerOf,
  isFunction,
  memberOf,
  nodesOf,
  packageOf,
  receiverOf,
  requiredIn,
  type FunctionNode,
} from "./syntax.ts";

type Implementer = ts.ClassLikeDeclaration | ts.ObjectLiteralExpression;

/** Who is meant by a name. */
export class Names {
  readonly #checker: ts.TypeChecker;
  readonly #references = new Map<ts.Symbol, ts.Node[]>();
  #isRead = false;

  constructor({ files, checker }: App) {
    this.#checker = checker;
    const unknown: ts.Node[] = [];
    for (const file of files) {
      for (const node of nodesOf(file)) {
        if (!ts.isIdentifier(node) && !ts.isPrivateIdentifier(node)) continue;
        if (!this.#noteReference(node)) unknown.push(node);
      }
    }
    // What was given to whom is known by now.
    this.#isRead = true;
    for (const node of unknown) this.#noteReference(node);
  }

  #noteReference(node: ts.Node): boolean {
    const symbol = this.symbolOf(node);
    if (symbol === undefined) return false;
    const known = this.#references.get(symbol);
    if (known) known.push(node);
    else this.#references.set(symbol, [node]);
    return true;
  }

  /** The same for a name and everything that it was imported, required, exported or shortened as. */
  symbolOf(node: ts.Node): ts.Symbol | undefined {
    const parent = node.parent;
    if (parent !== undefined && ts.isShorthandPropertyAssignment(parent) && parent.name === node) {
      return this.#whole(this.#checker.getShorthandAssignmentValueSymbol(parent));
    }
    const at = ts.isPropertyAccessExpression(node) ? node.name : node;
    return this.#whole(this.#checker.getSymbolAtLocation(at)) ?? this.#givenMember(at);
  }

  /** A member of what is not said to be anything, and was given something that has it. */
  #givenMember(name: ts.Node): ts.Symbol | undefined {
    const access = name.parent;
    if (!this.#isRead || !access || !ts.isPropertyAccessExpression(access) || access.name !== name)
      return undefined;
    const members = givenTypes(access.expression, this.#checker, this).flatMap(
      (type) => type.getProperty(access.name.text) ?? [],
    );
    return this.#whole(members[0]);
  }

  /** The variable that a name is bound to: the one that is imported under it, where a module of ES does that; else its own. */
  boundTo(node: ts.Node): ts.Symbol | undefined {
    const { parent } = node;
    const symbol =
      ts.isShorthandPropertyAssignment(parent) && parent.name === node
        ? this.#checker.getShorthandAssignmentValueSymbol(parent)
        : this.#checker.getSymbolAtLocation(node);
    if (symbol === undefined || !(symbol.flags & ts.SymbolFlags.Alias)) return symbol;
    const target = this.#checker.getAliasedSymbol(symbol);
    return this.#checker.isUnknownSymbol(target) ? symbol : target;
  }

  /** The module that a text asks for, in `import`, `require` and the like. */
  moduleOf(specifier: ts.Node): ts.Symbol | undefined {
    return this.#checker.getSymbolAtLocation(specifier);
  }

  /** Every identifier that means it, its declaration included. */
  referencesTo(symbol: ts.Symbol): readonly ts.Node[] {
    return this.#references.get(symbol) ?? [];
  }

  typeOf(node: ts.Node): ts.Type {
    return this.#checker.getTypeAtLocation(node);
  }

  /** A member of what an expression is. */
  memberOfType(node: ts.Expression, name: string): ts.Symbol | undefined {
    return this.#whole(this.#checker.getTypeAtLocation(node).getProperty(name));
  }

  /** The function of the app that an expression is: a declaration, a variable's value, a member; bound or not. */
  functionOf(expression: ts.Expression): FunctionNode | undefined {
    const node = bare(expression);
    if (isFunction(node)) return node;
    if (ts.isCallExpression(node)) {
      const callee = bare(node.expression);
      const receiver = receiverOf(node);
      if (memberOf(callee) === "bind" && receiver !== undefined) return this.functionOf(receiver);
      return undefined;
    }
    const symbol = this.symbolOf(node);
    return symbol === undefined ? undefined : functionOfSymbol(symbol);
  }

  /** The functions that a call of it may run: where a member is chosen at run time, all of them. */
  functionsOf(expression: ts.Expression): readonly FunctionNode[] {
    const one = this.functionOf(expression);
    if (one !== undefined) return [one];
    const node = bare(expression);
    return ts.isElementAccessExpression(node)
      ? this.functionsIn(node.expression)
      : this.#implementations(node);
  }

  /** Those that are members of an object, or exports of a module. */
  functionsIn(object: ts.Expression): readonly FunctionNode[] {
    return this.typeOf(object)
      .getProperties()
      .flatMap((member) => functionOfSymbol(this.#whole(member) ?? member) ?? []);
  }

  /** The list or object that an expression is, as it is written somewhere in the app. */
  literalOf(expression: ts.Expression): ts.ArrayLiteralExpression | ts.ObjectLiteralExpression | undefined {
    const node = bare(expression);
    if (ts.isArrayLiteralExpression(node) || ts.isObjectLiteralExpression(node)) return node;
    const declared = this.typeOf(node).symbol?.valueDeclaration;
    if (declared !== undefined && ts.isObjectLiteralExpression(declared)) return declared;
    const value = initializerOf(this.symbolOf(node));
    return value === undefined || bare(value) === node ? undefined : this.literalOf(value);
  }

  /** Of a method that an interface or an abstract class only names: those of the classes and objects that have it. */
  #implementations(node: ts.Expression): readonly FunctionNode[] {
    const name = memberOf(node);
    if (name === undefined || !ts.isPropertyAccessExpression(node)) return [];
    const declaration = this.symbolOf(node)?.valueDeclaration;
    if (declaration === undefined || isFunction(declaration)) return [];
    const { parent } = declaration;
    if (!ts.isInterfaceDeclaration(parent) && !ts.isClassLike(parent)) return [];
    const asked = parent.name && this.symbolOf(parent.name);
    return asked === undefined ? [] : this.#implementersOf(asked).flatMap((one) => this.#methodOf(one, name));
  }

  /** Classes that say so, and objects that are declared to be one. */
  #implementersOf(asked: ts.Symbol): readonly Implementer[] {
    return this.referencesTo(asked).flatMap(({ parent }): readonly Implementer[] => {
      if (ts.isExpressionWithTypeArguments(parent) && ts.isClassLike(parent.parent.parent))
        return [parent.parent.parent];
      if (!ts.isTypeReferenceNode(parent)) return [];
      const typed = ts.isArrayTypeNode(parent.parent) ? parent.parent.parent : parent.parent;
      const value = ts.isVariableDeclaration(typed)
        ? typed.initializer && bare(typed.initializer)
        : undefined;
      if (value === undefined) return [];
      return (ts.isArrayLiteralExpression(value) ? value.elements.map(bare) : [value]).filter(
        ts.isObjectLiteralExpression,
      );
    });
  }

  #methodOf(
    owner: ts.ClassLikeDeclaration | ts.ObjectLiteralExpression,
    name: string,
  ): readonly FunctionNode[] {
    const members: readonly (ts.ClassElement | ts.ObjectLiteralElementLike)[] = ts.isClassLike(owner)
      ? owner.members
      : owner.properties;
    const member = members.find((one) => one.name?.getText() === name);
    const symbol = member?.name && this.symbolOf(member.name);
    return symbol ? [functionOfSymbol(symbol)].filter((one) => one !== undefined) : [];
  }

  /** The package that a name comes from, or what it was made with does: `socket.io` of `io` in `const io = require("socket.io")(3000)`. */
  packageOf(expression: ts.Expression, depth = 0): string | undefined {
    const node = bare(expression);
    const required = ts.isCallExpression(node) || ts.isNewExpression(node) ? requiredIn(node) : undefined;
    if (required !== undefined) return required;
    if (ts.isCallExpression(node) || ts.isNewExpression(node) || ts.isPropertyAccessExpression(node)) {
      return this.packageOf(node.expression, depth);
    }
    if (!ts.isIdentifier(node) || depth > 4) return undefined;
    const local = this.#checker.getSymbolAtLocation(node);
    const declaration = local?.declarations?.[0];
    const direct = packageOf(declaration);
    if (direct !== undefined && !direct.startsWith(".")) return direct;
    const initializer = initializerOf(this.#whole(local));
    return initializer === undefined ? undefined : this.packageOf(initializer, depth + 1);
  }

  #whole(symbol: ts.Symbol | undefined, depth = 0): ts.Symbol | undefined {
    if (symbol === undefined || depth > 5) return symbol;
    if (symbol.flags & ts.SymbolFlags.Alias) {
      const target = this.#checker.getAliasedSymbol(symbol);
      // Of a package, which is not read: all of them would be one.
      return this.#checker.isUnknownSymbol(target) ? symbol : this.#whole(target, depth + 1);
    }
    const declaration = symbol.valueDeclaration;
    if (declaration === undefined) return symbol;
    if (ts.isShorthandPropertyAssignment(declaration)) {
      return this.#whole(this.#checker.getShorthandAssignmentValueSymbol(declaration), depth + 1);
    }
    // `module.exports = { add: addUser }`, `exports.add = addUser`, `const { add } = require("./users")`
    const value = ts.isPropertyAssignment(declaration) ? declaration.initializer : exportedValue(declaration);
    if (value !== undefined && ts.isIdentifier(value)) {
      return this.#whole(this.#checker.getSymbolAtLocation(value), depth + 1);
    }
    if (ts.isBindingElement(declaration) && ts.isObjectBindingPattern(declaration.parent)) {
      const pattern = declaration.parent;
      const source = ts.isVariableDeclaration(pattern.parent) ? pattern.parent.initializer : undefined;
      const name = declaration.propertyName ?? declaration.name;
      const member =
        source && ts.isIdentifier(name)
          ? this.#checker.getTypeAtLocation(source).getProperty(name.text)
          : undefined;
      // `const { add } = createHandlers(io)`
      if (member && functionOfSymbol(member)) return this.#whole(member, depth + 1);
      if (source && isOwnModule(source) && ts.isIdentifier(name)) {
        return (
          this.#whole(this.#checker.getTypeAtLocation(source).getProperty(name.text), depth + 1) ?? symbol
        );
      }
    }
    return symbol;
  }
}

const isOwnModule = (node: ts.Expression): boolean => requiredIn(node)?.startsWith(".") === true;

function exportedValue(declaration: ts.Declaration): ts.Expression | undefined {
  const assigned = ts.isBinaryExpression(declaration) ? declaration : declaration.parent;
  if (assigned === undefined || !ts.isBinaryExpression(assigned)) return undefined;
  return /^(module\.)?exports\./.test(assigned.left.getText()) ? bare(assigned.right) : undefined;
}

export function functionOfSymbol(symbol: ts.Symbol): FunctionNode | undefined {
  const declaration = symbol.valueDeclaration ?? symbol.declarations?.[0];
  if (declaration === undefined) return undefined;
  if (isFunction(declaration)) return declaration;
  const initializer = initializerOf(symbol);
  if (initializer === undefined) return undefined;
  const value = bare(initializer);
  if (isFunction(value)) return value;
  // `useCallback(() => …)`, `asyncHandler(async () => …)`
  if (!ts.isCallExpression(value)) return undefined;
  const wrapped = value.arguments.map(bare).flatMap((one) => (isFunction(one) ? [one] : []));
  return wrapped.length === 1 ? wrapped[0] : undefined;
}
