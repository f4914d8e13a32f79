import { fork, type ChildProcess } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { Answer, Ask } from "./function-worker.ts";
import type { Handlers } from "./handler-client.ts";

/** An instance of the functions of one build, as far as the bench's clients can tell. */
export class FunctionInstance {
  /** For `Client`: each call is an invocation, or, while letters are collected, one to come. */
  readonly handlers: Handlers;
  readonly #child: ChildProcess;
  readonly #asked = new Map<number, (answer: Answer) => void>();
  #nextId = 0;
  #collected: unknown[] | undefined;

  private constructor(child: ChildProcess) {
    this.#child = child;
    const inbox = async (event: unknown): Promise<unknown> => {
      if (this.#collected === undefined) return (await this.#ask("inbox", [event])).result;
      this.#collected.push(event);
      return undefined;
    };
    const connect = async (event: unknown) => (await this.#ask("connect", [event])).result;
    const none = () => Promise.reject(new Error("expected a WebSocket's functions only"));
    this.handlers = { inbox, connect, poll: none, heartbeat: none };
    child.on("message", (answer: Answer) => this.#asked.get(answer.id)?.(answer));
  }

  /** @param folder of the bundles, `inbox.mjs` among them */
  static async start(folder: string): Promise<FunctionInstance> {
    const worker = fileURLToPath(new URL("function-worker.ts", import.meta.url));
    const execArgv = [...process.execArgv, "--no-warnings"];
    const child = fork(worker, [folder], { stdio: "inherit", execArgv });
    await new Promise<void>((resolve, reject) => {
      child.once("message", () => resolve());
      child.once("exit", (code) => reject(new Error(`expected the instance to start, got exit ${code}`)));
    });
    return new FunctionInstance(child);
  }

  /** The letters that `write` would have had handled. */
  async collect(write: () => Promise<unknown>): Promise<readonly unknown[]> {
    const collected: unknown[] = (this.#collected = []);
    await write();
    this.#collected = undefined;
    return collected;
  }

  /** Handles letters one after the other; resolves with the microseconds of CPU that it took. */
  async handle(letters: readonly unknown[]): Promise<number> {
    return (await this.#ask("inbox", letters)).cpuMicros;
  }

  stop(): void {
    this.#child.disconnect();
  }

  async #ask(name: Ask["name"], events: readonly unknown[]): Promise<Answer> {
    const id = this.#nextId++;
    const answer = await new Promise<Answer>((resolve) => {
      this.#asked.set(id, resolve);
      this.#child.send({ id, name, events } satisfies Ask);
    });
    this.#asked.delete(id);
    if (answer.error !== undefined) throw new Error(answer.error);
    return answer;
  }
}
