/**
 * What one POST of many small packets costs its instance: CPU seconds and AWS requests, by the number of packets.
 * `npm run bench:payload [-- --base DIR] [--packets 1000,2000] [--only pong]`
 *
 * With `--base`, another source tree with its dependencies installed, both are measured in turn, each in a process of
 * its own, and the last column says how many times the CPU of this tree the other one takes.
 */
import { fork, type ChildProcess } from "node:child_process";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { startCountingAws, type CountingAws } from "./counting-aws.ts";
import type { Handlers } from "./handler-client.ts";
import type { Answer, Ask } from "./payload-worker.ts";
import { PollingClient } from "./polling-client.ts";

interface Measured {
  readonly cpuMs: number;
  readonly requests: number;
}

const frames: Readonly<Record<string, (index: number) => string>> = {
  "event that nobody handles": () => '42["x"]',
  "event with an acknowledgement": (index) => `42${index}["echo",${index}]`,
  "event whose handler waits 50 ms": () => '42["later"]',
  pong: () => "3",
  "answer that nobody asked for": (index) => `43${index}[]`,
};

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      base: { type: "string" },
      packets: { type: "string", default: "1000,2000,4000,8000,16000" },
      only: { type: "string", default: "" },
    },
  });
  const aws = await startCountingAws();
  const trees = [fileURLToPath(new URL("..", import.meta.url)), ...(values.base ? [values.base] : [])];
  for (const [title, toFrame] of Object.entries(frames).filter(([name]) => name.includes(values.only))) {
    console.log(`\n${title}`);
    console.log(
      trees.length > 1
        ? row(["packets", "CPU s", "requests", "base CPU s", "base requests", "times"])
        : row(["packets", "CPU s", "requests"]),
    );
    for (const packets of values.packets.split(",").map(Number)) {
      const body = Array.from({ length: packets }, (_, index) => toFrame(index)).join("\x1e");
      const measured: Measured[] = [];
      for (const tree of trees) measured.push(await measure(tree, aws, body));
      const cells = measured.flatMap(({ cpuMs, requests }) => [(cpuMs / 1_000).toFixed(2), String(requests)]);
      const [first, second] = measured;
      const times = first && second ? [(second.cpuMs / first.cpuMs).toFixed(1)] : [];
      console.log(row([String(packets), ...cells, ...times]));
    }
  }
  await aws.stop();
}

/** A POST on an instance that is warm: it has handled a small one of the same kind before. */
async function measure(tree: string, aws: CountingAws, body: string): Promise<Measured> {
  const instance = await Instance.start(tree);
  const client = await new PollingClient({ handlers: instance.handlers, aws }).connect();
  await client.event(body.split("\x1e").slice(0, 5).join("\x1e"));
  aws.reset();
  instance.cpuMs = 0;
  await client.post(body);
  await client.receiveAll();
  const { reads, writes, posts, sends, invokes } = aws.calls;
  instance.stop();
  return { cpuMs: instance.cpuMs, requests: reads + writes + posts + sends + invokes };
}

class Instance {
  cpuMs = 0;
  readonly handlers: Handlers;
  readonly #child: ChildProcess;
  readonly #asked = new Map<number, (answer: Answer) => void>();

  private constructor(child: ChildProcess) {
    this.#child = child;
    const ask = (name: Ask["name"]) => (event: unknown) => this.#ask(name, event);
    this.handlers = {
      poll: ask("poll"),
      inbox: ask("inbox"),
      connect: ask("connect"),
      heartbeat: ask("heartbeat"),
    };
    child.on("message", (answer: Answer) => this.#asked.get(answer.id)?.(answer));
  }

  static async start(tree: string): Promise<Instance> {
    const worker = fileURLToPath(new URL("payload-worker.ts", import.meta.url));
    const child = fork(worker, [tree], {
      stdio: "inherit",
      execArgv: [...process.execArgv, "--no-warnings"],
    });
    await new Promise<void>((resolve, reject) => {
      child.once("message", () => resolve());
      child.once("exit", (code) => reject(new Error(`expected the instance to start, got exit ${code}`)));
    });
    return new Instance(child);
  }

  stop(): void {
    this.#child.disconnect();
  }

  async #ask(name: Ask["name"], event: unknown): Promise<unknown> {
    const id = this.#asked.size;
    const answer = await new Promise<Answer>((resolve) => {
      this.#asked.set(id, resolve);
      this.#child.send({ id, name, event } satisfies Ask);
    });
    if (answer.error !== undefined) throw new Error(answer.error);
    this.cpuMs += answer.cpuMs;
    return answer.result;
  }
}

const row = (cells: readonly string[]): string => cells.map((cell) => cell.padStart(14)).join("");

await main();
