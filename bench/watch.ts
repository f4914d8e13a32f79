/**
 * What the watch of `npm run dev` costs a clean app: the same echo on a stack with it and on one without, in alternating
 * rounds of one run. `npm run bench:watch`. Fails over a fifth of p50.
 */
import { fileURLToPath } from "node:url";
import { startLocal } from "../infra/local/local.ts";
import { measureLatency } from "./closed-loop.ts";

const ROUNDS = 9;
const EVENTS = 200;
const MAX_RATIO = 1.2;

const app = fileURLToPath(new URL("./apps/echo.ts", import.meta.url));
const lines: string[] = [];
const log = (line: string): void => {
  if (line.includes('"watch.')) lines.push(line);
};

const [watched, plain] = await Promise.all([
  startLocal({ app, instances: 2, watch: true, log }),
  startLocal({ app, instances: 2, log }),
]);
try {
  const ratios: number[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    // Who goes first changes, so that what warms up or slows down meets both.
    const order = round % 2 === 0 ? [watched, plain] : [plain, watched];
    const p50 = new Map<unknown, number>();
    for (const runtime of order) p50.set(runtime, (await measureLatency(runtime.url, EVENTS)).p50Ms);
    const [withMs = NaN, withoutMs = NaN] = [p50.get(watched), p50.get(plain)];
    ratios.push(withMs / withoutMs);
    console.log(
      `round ${round + 1}: p50 ${withMs.toFixed(2)} ms with the watch, ${withoutMs.toFixed(2)} ms without`,
    );
  }
  const median = ratios.toSorted((one, other) => one - other)[Math.floor(ROUNDS / 2)] ?? NaN;
  console.log(
    `p50 with the watch is ${median.toFixed(2)} times that without, the median of ${ROUNDS} rounds`,
  );
  if (lines.length > 0)
    throw new Error(`expected the watch to say nothing of a clean app, got ${lines.join("\n")}`);
  if (!(median < MAX_RATIO))
    throw new Error(`expected less than ${MAX_RATIO} times, got ${median.toFixed(2)}`);
} finally {
  await Promise.all([watched.stop(), plain.stop()]);
}
