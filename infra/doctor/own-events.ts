import ts from "typescript";
import type { Names } from "./names.ts";
import type { Roots } from "./roots.ts";
import { bare, methodOf, ownerOf, receiverOf, type FunctionNode } from "./syntax.ts";

type Owner = FunctionNode | ts.SourceFile;

/** What the app tells itself by an emitter of its own, in the process and at once: `bus.emit("saved", id)`. */
export class OwnEvents {
  readonly #names: Names;
  readonly #roots: Pick<Roots, "isServer" | "isSocket">;
  readonly #emits = new Map<ts.Symbol, { readonly event: string | undefined; readonly owner: Owner }[]>();

  constructor(calls: Iterable<ts.Node>, names: Names, roots: Pick<Roots, "isServer" | "isSocket">) {
    this.#names = names;
    this.#roots = roots;
    for (const call of calls) {
      if (!ts.isCallExpression(call) || methodOf(call) !== "emit") continue;
      const emitter = this.#emitterOf(call);
      if (emitter === undefined) continue;
      const known = this.#emits.get(emitter) ?? [];
      this.#emits.set(emitter, [...known, { event: eventOf(call), owner: ownerOf(call) }]);
    }
  }

  /** Whose code emits what a call like `bus.on("saved", …)` listens to. None: it is not the app that does. */
  emittersFor(listening: ts.CallExpression): readonly Owner[] {
    if (!/^(on|once|addListener|prepend(Once)?Listener)$/.test(methodOf(listening) ?? "")) return [];
    const emitter = this.#emitterOf(listening);
    const event = eventOf(listening);
    return (emitter ? (this.#emits.get(emitter) ?? []) : []).flatMap((emit) =>
      emit.event === undefined || event === undefined || emit.event === event ? [emit.owner] : [],
    );
  }

  #emitterOf(call: ts.CallExpression): ts.Symbol | undefined {
    const receiver = receiverOf(call);
    if (receiver === undefined || this.#roots.isServer(receiver) || this.#roots.isSocket(receiver))
      return undefined;
    const at = bare(receiver);
    const isNamed = ts.isIdentifier(at) || ts.isPropertyAccessExpression(at);
    return isNamed ? this.#names.symbolOf(at) : undefined;
  }
}

/** Undefined: whatever it is by then. */
function eventOf({ arguments: [first] }: ts.CallExpression): string | undefined {
  const at = first && bare(first);
  return at && ts.isStringLiteralLike(at) ? at.text : undefined;
}
