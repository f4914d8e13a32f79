import { expect } from "vitest";
import type { Walk } from "./walk.ts";

/** Order, count and state of every handler that ran; `steps` numbers in all. */
export function expectGoodWalk({ connections }: Walk, steps: number): void {
  for (const walked of connections) {
    expect(walked.map(({ seen }) => seen)).toEqual(walked.map((_, index) => index + 1));
    const numbers = walked.map(({ number }) => number);
    expect(numbers).toEqual([...new Set(numbers)].toSorted((one, other) => one - other));
    for (const { remembered, rooms } of walked) {
      expect(remembered).toBe(1);
      expect(rooms.toSorted()).toEqual(["steps", "walkers"]);
    }
  }
  expect(new Set(connections.flat().map(({ number }) => number)).size).toBe(steps);
  expect(Math.max(...processesOf({ connections }))).toBeGreaterThan(1);
}

export const processesOf = ({ connections }: Pick<Walk, "connections">): readonly number[] =>
  connections.map((walked) => new Set(walked.map(({ pid }) => pid)).size);

export function describeWalk(walk: Walk): string {
  const { connections, kills, elapsedMs } = walk;
  const handled = connections.flat().length;
  return `${handled} steps over ${connections.length} connections in ${elapsedMs} ms, up to ${Math.max(...processesOf(walk))} processes for one, ${kills} instances killed`;
}
