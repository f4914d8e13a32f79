import { fork, type ChildProcess } from "node:child_process";
import type { AppDescription } from "../../../lib/lambda.ts";
import { readMark } from "../inspector/cause.ts";
import type { PacketRun } from "../inspector/inspector-events.ts";
import type { FunctionSpec } from "../topology.ts";
import type { InstanceMessage, Invocation } from "./ipc.ts";

/** What became of an invocation. `crashed`: the instance ended or was killed before it answered. */
export type InvocationOutcome =
  | { readonly kind: "answered"; readonly result: unknown }
  | { readonly kind: "threw"; readonly errorType: string; readonly message: string }
  | { readonly kind: "crashed"; readonly message: string };

/** Where a function's code is: made by the bundler. */
export interface FunctionCode {
  readonly bootstrapFile: string;
  readonly bundleFile: string;
  readonly exportName: string;
}

export interface InstanceOptions {
  readonly spec: FunctionSpec;
  readonly code: FunctionCode;
  readonly environment: Readonly<Record<string, string>>;
  /** Stopped (SIGSTOP) between events, as a frozen environment is: nothing runs in the background. */
  readonly freeze: () => boolean;
  /** Of Node, besides its own. */
  readonly execArgv?: readonly string[];
  /** `cause`: what it is marked with, while somebody watches. */
  readonly onLine: (line: string, stream: "stdout" | "stderr", cause: string | undefined) => void;
  /** Of an invocation that is traced. */
  readonly onPackets?: (requestId: string, runs: readonly PacketRun[]) => void;
  readonly onExit: (instance: Instance) => void;
}

const LOAD_TIMEOUT_MS = 20_000;

/** One execution environment: a process of its own that serves one event at a time. */
export class Instance {
  readonly functionKey: string;
  readonly pid: number;
  busy = false;
  idleSinceMs = 0;
  alive = true;
  wasLoaded = false;
  /** Invocations so far, the one that runs included. */
  invocations = 0;
  /** Settles when the function's module has been imported, and its app has started; rejects with the error it threw. */
  readonly loaded: Promise<AppDescription | undefined>;
  #child: ChildProcess;
  #options: InstanceOptions;
  #settle: ((outcome: InvocationOutcome) => void) | undefined;
  #killReason: string | undefined;
  #frozen = false;

  constructor(options: InstanceOptions) {
    const { spec, code } = options;
    this.#options = options;
    this.functionKey = spec.key;
    this.#child = fork(code.bootstrapFile, [code.bundleFile, code.exportName], {
      env: options.environment,
      execArgv: ["--enable-source-maps", ...(options.execArgv ?? [])],
      stdio: ["ignore", "pipe", "pipe", "ipc"],
    });
    this.pid = this.#child.pid ?? -1;
    this.loaded = this.#watch();
    this.loaded.catch(() => this.kill("its module cannot be loaded"));
    forEachLine(this.#child, options.onLine);
  }

  get frozen(): boolean {
    return this.#frozen;
  }

  /** Why it has ended, or is about to. */
  get endReason(): string | undefined {
    return this.#killReason;
  }

  /** Runs one event. Never rejects. */
  invoke(event: unknown, requestId: string, traced = false): Promise<InvocationOutcome> {
    this.invocations += 1;
    const { timeoutSeconds } = this.#options.spec;
    const timeoutMs = timeoutSeconds * 1000;
    this.thaw();
    return new Promise((resolve) => {
      const timer = setTimeout(
        () => this.kill(`Task timed out after ${timeoutSeconds.toFixed(2)} seconds`),
        timeoutMs,
      );
      this.#settle = (outcome) => {
        clearTimeout(timer);
        this.#settle = undefined;
        resolve(outcome);
      };
      const invocation: Invocation = {
        type: "invoke",
        requestId,
        deadlineMs: Date.now() + timeoutMs,
        event,
        ...(traced ? { traced } : {}),
      };
      if (!this.alive || !this.#child.connected)
        this.#settle({ kind: "crashed", message: "instance has ended" });
      else this.#child.send(invocation, () => {});
    });
  }

  freeze(): void {
    if (!this.#options.freeze() || !this.alive || this.#frozen) return;
    this.#frozen = this.#child.kill("SIGSTOP");
  }

  /** SIGKILL, which ends a stopped process as well. */
  kill(reason: string): void {
    this.#killReason ??= reason;
    this.#child.kill("SIGKILL");
  }

  /** Resolves when the process is gone. */
  ended(): Promise<void> {
    return this.alive
      ? new Promise((resolve) => this.#child.once("exit", () => resolve()))
      : Promise.resolve();
  }

  thaw(): void {
    if (!this.#frozen) return;
    this.#child.kill("SIGCONT");
    this.#frozen = false;
  }

  #watch(): Promise<AppDescription | undefined> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(
        () => reject(new Error(`${this.functionKey} was not loaded in ${LOAD_TIMEOUT_MS} ms`)),
        LOAD_TIMEOUT_MS,
      );
      this.#child.on("message", (message: InstanceMessage) => {
        switch (message.type) {
          case "loaded":
            clearTimeout(timer);
            this.wasLoaded = true;
            return resolve(message.app);
          case "load-failed":
            clearTimeout(timer);
            return reject(Object.assign(new Error(message.message), { stack: message.stack }));
          case "packets":
            return this.#options.onPackets?.(message.requestId, message.runs);
          case "result":
            return this.#settle?.({ kind: "answered", result: message.result });
          case "error":
            return this.#settle?.({ kind: "threw", errorType: message.errorType, message: message.message });
          default:
            message satisfies never;
        }
      });
      this.#child.on("error", reject);
      this.#child.on("exit", (code, signal) => {
        clearTimeout(timer);
        this.alive = false;
        const message = (this.#killReason ??= `Runtime exited with ${signal ?? `code ${code}`}`);
        reject(new Error(message));
        this.#settle?.({ kind: "crashed", message });
        this.#options.onExit(this);
      });
    });
  }
}

function forEachLine(child: ChildProcess, onLine: InstanceOptions["onLine"]): void {
  for (const stream of ["stdout", "stderr"] as const) {
    let rest = "";
    const give = (line: string) => {
      const { text, cause } = readMark(line);
      onLine(text, stream, cause);
    };
    child[stream]?.setEncoding("utf8").on("data", (chunk: string) => {
      const lines = (rest + chunk).split("\n");
      rest = lines.pop() ?? "";
      for (const line of lines) if (line !== "") give(line);
    });
    child[stream]?.on("end", () => rest !== "" && give(rest));
  }
}
