import ts from "typescript";
import { reachable } from "../doctor/effects.ts";
import type { Examination } from "../doctor/examination.ts";
import type { KeptPlace } from "../doctor/kept-places.ts";
import { placeOf } from "../doctor/places.ts";
import { methodOf, nodesOf } from "../doctor/syntax.ts";
import { lineFrom } from "./line.ts";
import type { Reason } from "./obstacles.ts";

/** Who looks at kept variables when no packet is there to say which state is meant. */
export interface TimerUses {
  of(kept: KeptPlace): Reason | undefined;
}

export function findTimerUses(examination: Examination): TimerUses {
  const { app, names } = examination;
  const timers = app.files.flatMap((file) =>
    [...nodesOf(file)].flatMap((node) => toTimer(node, examination)),
  );
  const keys = timers.map(({ callback }) => {
    const found = new Set<ts.Symbol | string>();
    for (const node of reachable(callback, examination)) {
      if (!ts.isIdentifier(node) && !ts.isPropertyAccessExpression(node)) continue;
      const symbol = ts.isIdentifier(node) ? names.symbolOf(node) : undefined;
      if (symbol !== undefined) found.add(symbol);
      // A name for a part of it counts where something is done to that part.
      const isLookedInto = ts.isPropertyAccessExpression(node) || isReceiver(node);
      const place = isLookedInto ? placeOf(node, names) : undefined;
      if (place !== undefined) found.add(place.key);
    }
    return found;
  });
  return {
    of({ place }) {
      const index = keys.findIndex((found) => found.has(place.key));
      const timer = timers[index];
      if (timer === undefined) return undefined;
      return {
        code: "keep.used_by_timer",
        message: `the ${timer.name} in ${lineFrom(place.declaration, timer.call)} uses it, which runs when there is no packet, and on Lambda not at all: take io.timer or io.every`,
      };
    },
  };
}

interface Timer {
  readonly call: ts.CallExpression;
  readonly name: string;
  readonly callback: ts.Node;
}

function toTimer(node: ts.Node, { names }: Examination): readonly Timer[] {
  if (!ts.isCallExpression(node)) return [];
  const name = methodOf(node) ?? node.expression.getText();
  const [given] = node.arguments;
  if (!/^set(Timeout|Interval|Immediate)$/.test(name) || given === undefined) return [];
  const callback = names.functionOf(given);
  return callback === undefined ? [] : [{ call: node, name, callback }];
}

const isReceiver = (node: ts.Identifier): boolean =>
  (ts.isPropertyAccessExpression(node.parent) || ts.isElementAccessExpression(node.parent)) &&
  node.parent.expression === node;
