import { fork, type ChildProcess } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";

/** A server under measurement: a process, with all that it starts. Counts of what it uses are those of Linux's `/proc`. */
export interface Peer {
  readonly name: string;
  /** Clients take turns at them. */
  readonly urls: readonly string[];
  /** CPU so far in seconds, user and system, of the process and its descendants, ended ones included; in steps of 10 ms. */
  cpuSeconds(): number;
  /** Resident memory in bytes, now. */
  memoryBytes(): number;
  /** Asks the process something of its own kind; one question at a time. */
  ask(question: unknown): Promise<unknown>;
  stop(): Promise<void>;
}

const TICKS_A_SECOND = 100;
const PAGE_BYTES = 4096;
/** Fields of `/proc/PID/stat` behind the name in parentheses, counted from the state. */
const [PARENT, USER, SYSTEM, CHILDREN_USER, CHILDREN_SYSTEM, RESIDENT] = [1, 11, 12, 13, 14, 21] as const;

/** @param file of this folder, or its absolute path where it is compiled, that tells its parent the URLs. */
export async function startPeer(name: string, file: string, args: readonly string[] = []): Promise<Peer> {
  const child = fork(path.resolve(import.meta.dirname, file), args);
  const urls = await new Promise<string[]>((resolve, reject) => {
    child.once("message", (message) => resolve(message as string[]));
    child.once("exit", (code) => reject(new Error(`expected ${file} to start, got exit code ${code}`)));
  });
  const sum = (of: (stat: readonly number[]) => number): number =>
    familyOf(child).reduce((total, stat) => total + of(stat), 0);
  return {
    name,
    urls,
    cpuSeconds: () =>
      sum((stat) => at(stat, USER) + at(stat, SYSTEM) + at(stat, CHILDREN_USER) + at(stat, CHILDREN_SYSTEM)) /
      TICKS_A_SECOND,
    memoryBytes: () => sum((stat) => at(stat, RESIDENT)) * PAGE_BYTES,
    ask: (question) =>
      new Promise((resolve) => {
        child.once("message", resolve);
        child.send(question as object);
      }),
    stop: async () => {
      const gone = new Promise((resolve) => child.once("exit", resolve));
      if (child.connected) child.disconnect();
      const impatience = setTimeout(() => child.kill("SIGKILL"), 5_000);
      await gone;
      clearTimeout(impatience);
    },
  };
}

const at = (stat: readonly number[], field: number): number => stat[field] ?? 0;

/** What the system says of a process and its descendants. */
function familyOf({ pid }: ChildProcess): readonly (readonly number[])[] {
  const stats = new Map<number, readonly number[]>();
  for (const entry of readdirSync("/proc")) {
    if (!/^\d+$/.test(entry)) continue;
    try {
      const text = readFileSync(`/proc/${entry}/stat`, "utf8");
      stats.set(
        Number(entry),
        text
          .slice(text.lastIndexOf(")") + 2)
          .split(" ")
          .map(Number),
      );
    } catch {
      // It has ended meanwhile.
    }
  }
  const isOfFamily = (id: number): boolean =>
    id === pid || (stats.has(id) && isOfFamily(at(stats.get(id) ?? [], PARENT)));
  return [...stats].filter(([id]) => isOfFamily(id)).map(([, stat]) => stat);
}
