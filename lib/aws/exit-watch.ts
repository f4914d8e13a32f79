import type { Logger } from "../log.ts";

/**
 * Says where an app ends its process in the middle of an invocation: of that Lambda tells only that the runtime exited. Once
 * per process; what runs it is told by `run`.
 */
export class ExitWatch {
  #running = 0;

  /** `onEnd` writes what would be lost. */
  constructor(logger: Logger, process: Pick<NodeJS.Process, "once">, onEnd: () => void) {
    process.once("exit", (exitCode: number) => {
      if (this.#running === 0) return;
      logger.error("the process ended in the middle of an invocation: a handler or route must not exit it", {
        code: "core.process_ended",
        exitCode,
        // Whoever called `process.exit` is still below on the stack.
        error: new Error(`exit code ${exitCode}`),
      });
      onEnd();
    });
  }

  async run<Result>(work: () => Promise<Result>): Promise<Result> {
    this.#running += 1;
    try {
      return await work();
    } finally {
      this.#running -= 1;
    }
  }
}
