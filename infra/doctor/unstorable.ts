import ts from "typescript";
import type { Change } from "./changes.ts";
import type { Examination } from "./examination.ts";
import { findForeign, isEmpty, jsonPlain, livePlain, valuesOf, type Foreign } from "./foreign-values.ts";
import type { KeptPlace } from "./kept-places.ts";
import { valueOf } from "./places.ts";

/** Why `socket.data` cannot hold a variable. */
export interface Unstorable extends Foreign {
  /** A live variable could: `--keep`. */
  readonly isLivePlain: boolean;
}

/**
 * What a variable holds that `socket.data`, and `io.shared`, would not give back: by what is put into it, by its type, and
 * by what the app calls of it, since what JSON gives back has the methods of text and lists alone.
 */
export function findUnstorable(
  { place, allChanges }: KeptPlace,
  examination: Examination,
): Unstorable | undefined {
  const { names } = examination;
  const initial = valueOf(place);
  const values = [...(initial === undefined ? [] : [initial]), ...allChanges.flatMap(valuesOf)].filter(
    (value) => !isEmpty(value),
  );
  for (const value of values) {
    const found = findForeign(value, examination, jsonPlain) ?? foreignType(names.typeOf(value), value);
    if (found) return { ...found, isLivePlain: isLive(found.what) };
  }
  if (typeof place.key === "string") return undefined;
  for (const mention of names.referencesTo(place.key)) {
    const found = foreignType(names.typeOf(mention), mention) ?? foreignUse(mention);
    if (found) return { ...found, isLivePlain: isLive(found.what) };
  }
  return undefined;
}

/** An object of a class of the app that is put into a variable: `io.shared` would give its fields back. */
export const findInstance = (changes: readonly Change[], examination: Examination): Foreign | undefined =>
  changes
    .flatMap(valuesOf)
    .filter((value) => !isEmpty(value))
    .flatMap((value) => findForeign(value, examination) ?? [])
    .find(({ nature }) => nature === "instance");

const isLive = (what: string): boolean => livePlain.test(what.replace(/^an? /, ""));

const known = /^(Map|Set|WeakMap|WeakSet|Date|RegExp|Promise|Error|Buffer|(Big)?(Ui|I)nt\d+(Clamped)?Array)$/;

/** One part of a type is enough: the others are what it is before. */
function foreignType(type: ts.Type, node: ts.Node): Foreign | undefined {
  for (const part of type.isUnion() ? type.types : [type]) {
    const { flags, symbol } = part;
    if (flags & ts.TypeFlags.BigIntLike) return { nature: "resource", what: "a bigint", node };
    if (flags & ts.TypeFlags.ESSymbolLike) return { nature: "resource", what: "a symbol", node };
    if (part.getCallSignatures().length > 0) return { nature: "resource", what: "a function", node };
    const name = symbol?.name ?? "";
    if (known.test(name)) return { nature: "instance", what: withArticle(name), node };
    if (symbol && symbol.flags & ts.SymbolFlags.Class)
      return { nature: "instance", what: `an instance of ${name}`, node };
  }
  return undefined;
}

const methodsOfData = new Set(
  [Array, String, Number, Boolean, Object].flatMap((maker) => Object.getOwnPropertyNames(maker.prototype)),
);

/** `game()`, `game.start()`, `game.board.draw()`, `game instanceof Chess` */
function foreignUse(mention: ts.Node): Foreign | undefined {
  const { parent } = mention;
  const whole = ts.isPropertyAccessExpression(parent) && parent.name === mention ? parent : mention;
  let at = whole;
  while (
    (ts.isPropertyAccessExpression(at.parent) || ts.isElementAccessExpression(at.parent)) &&
    at.parent.expression === at
  )
    at = at.parent;
  const { parent: use } = at;
  if ((ts.isCallExpression(use) || ts.isNewExpression(use)) && use.expression === at) {
    if (at === whole) return { nature: "resource", what: "a function", node: mention };
    if (!ts.isPropertyAccessExpression(at) || methodsOfData.has(at.name.text)) return undefined;
    return { nature: "instance", what: `something with a method ${at.name.text}`, node: mention };
  }
  if (!ts.isBinaryExpression(use) || use.left !== at || at !== whole) return undefined;
  if (use.operatorToken.kind !== ts.SyntaxKind.InstanceOfKeyword) return undefined;
  const made = use.right.getText();
  return jsonPlain.test(made)
    ? undefined
    : { nature: "instance", what: `an instance of ${made}`, node: mention };
}

const withArticle = (name: string): string => `${/^[AEIO]/.test(name) ? "an" : "a"} ${name}`;
