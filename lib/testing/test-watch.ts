import { fileURLToPath } from "node:url";
import { createScopeWatch, type ScopeWatch } from "../../infra/watch/scope-watch.ts";
import type { HandlerCall, HandlerWatch } from "../handler-watch.ts";
import { TestingError } from "./errors.ts";

/** The library itself, beside which an app may lie in a repository. */
const own = ["lib/", "infra/", "functions/"].map((folder) =>
  fileURLToPath(new URL(`../../${folder}`, import.meta.url)),
);

/** Looks at every handler, and keeps what is found until the test asks. */
export class TestWatch implements HandlerWatch {
  readonly #texts: string[] = [];
  readonly #watch: ScopeWatch = createScopeWatch({
    foreign: own,
    everyCall: true,
    onLost: ({ text }) => this.#texts.push(text),
    onFailed: (error) => this.#texts.push(`the variables cannot be looked at: ${String(error)}`),
  });

  begin(call: HandlerCall): (() => void) | undefined {
    return this.#watch.begin(call);
  }

  /** Throws `testing.lost_variable`, once: who catches it may go on. */
  assertNothingLost(): void {
    const texts = this.#texts.splice(0);
    if (texts.length === 0) return;
    throw new TestingError("testing.lost_variable", texts.join("\n"));
  }

  close(): void {
    this.#watch.close();
  }
}
