import { expect } from "vitest";
import { describeViolation, explore, type ExploreOptions, type Model } from "./explorer.ts";

/** The largest models take a few seconds on an idle machine. */
export const MODEL_TIMEOUT_MS = 180_000;

/** No schedule of the model violates its check, and all of them were tried. */
export async function expectSafe(name: string, model: Model, options: ExploreOptions = {}): Promise<void> {
  const verdict = await explore(model, options);

  report(name, verdict.schedules, verdict.abandoned);
  expect(describeViolation(verdict)).toBe("");
  expect(verdict.complete).toBe(true);
}

/** The control of a model: without the guard in question, the explorer does find the violation. */
export async function expectViolated(name: string, model: Model, message: string | RegExp): Promise<void> {
  const verdict = await explore(model, { untilViolated: true });

  report(`control: ${name}`, verdict.schedules, verdict.abandoned);
  expect(describeViolation(verdict)).toMatch(message);
}

function report(name: string, schedules: number, abandoned: number): void {
  process.stdout.write(`  ${name}: ${schedules} schedules (${abandoned} abandoned as seen before)\n`);
}
