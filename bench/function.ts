/**
 * What a bundled function costs in CPU, beside an older build of this repository: both in one run, by turns, so that
 * whatever else the machine does falls on both. `npm run bench:function [-- --json] [-- --rounds 7] [-- --base COMMIT]`
 *
 * Each function is the minified file that would be deployed, in a process of its own; AWS is on the loopback interface,
 * in the bench's. Exits 1 where a ratio is above its target.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { statSync } from "node:fs";
import path from "node:path";
import { text } from "node:stream/consumers";
import { parseArgs } from "node:util";
import { measureImports } from "../scripts/import-time.ts";
import { startCountingAws, type CountingAws } from "./counting-aws.ts";
import { buildCommit, buildPresent } from "./function-builds.ts";
import { FunctionInstance } from "./function-instance.ts";
import { Client } from "./handler-client.ts";

/** The last build whose requests to table and queue were all made by the SDK's clients. */
const BASE = "51b8a41";
const EVENTS = 200;
const RECIPIENTS = 200;
const BROADCASTS = 4;

interface Build {
  /** Of the bundles. */
  readonly folder: string;
  readonly instance: FunctionInstance;
  readonly speaker: Client;
  readonly room: string;
}

interface Row {
  readonly operation: string;
  readonly ratio: number;
  readonly target: number;
  readonly ok: boolean;
}

const targets = {
  "event with ack": 0.5,
  "broadcast, per recipient": 0.6,
  import: 0.5,
  "minified bundle": 0.6,
  "cold start to first answer": 0.6,
} as const;

type Operation = keyof typeof targets;

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      json: { type: "boolean", default: false },
      rounds: { type: "string", default: "7" },
      base: { type: "string", default: BASE },
    },
  });
  const rounds = Number(values.rounds);
  const folders = [await buildCommit(values.base), await buildPresent()];
  const aws = await startCountingAws();
  const builds: Build[] = [];
  for (const [index, folder] of folders.entries()) builds.push(await start(folder, `room-${index}`, aws));

  const rows: Row[] = [];
  const report = (operation: Operation, unit: string, measured: readonly Measured[]): void => {
    const [base, present] = measured.map(({ value }) => value) as [number, number];
    const target = targets[operation];
    const ratio = Number((present / base).toFixed(3));
    rows.push({ operation, ratio, target, ok: ratio <= target });
    const cells = [base, present].map((value) => value.toFixed(unit === "bytes" ? 0 : 2).padStart(10));
    console.log(
      `${operation.padEnd(28)}${cells.join("")} ${unit.padEnd(8)} × ${ratio.toFixed(2)}  target ${target}  ${ratio <= target ? "ok" : "ABOVE"}`,
    );
  };

  console.log(`CPU of ${values.base} and of this tree, medians of ${rounds} alternating rounds`);
  report("event with ack", "ms", await alternate(builds, rounds, eventWithAck));
  report("broadcast, per recipient", "µs", await alternate(builds, rounds, broadcast(aws)));
  const files = folders.map((folder) => path.join(folder, "inbox.mjs"));
  const imports = measureImports(files, rounds);
  report(
    "import",
    "ms",
    files.map((file) => ({ value: imports.get(file)?.medianMs ?? NaN })),
  );
  report(
    "minified bundle",
    "bytes",
    files.map((file) => ({ value: statSync(file).size })),
  );
  report("cold start to first answer", "ms", await alternate(builds, rounds, coldStart));

  for (const { instance } of builds) instance.stop();
  await aws.stop();
  if (values.json) console.log(JSON.stringify({ rows }));
  process.exitCode = rows.every(({ ok }) => ok) ? 0 : 1;
}

interface Measured {
  readonly value: number;
}

/** An instance with a room that is full, and somebody beside it who speaks. */
async function start(folder: string, room: string, aws: CountingAws): Promise<Build> {
  const instance = await FunctionInstance.start(folder);
  const join = async () => (await Client.open(instance.handlers, aws)).connect();
  const speaker = await join();
  for (let member = 0; member < RECIPIENTS; member++) await (await join()).frame(`42["crowd","${room}"]`);
  aws.frames.clear();
  return { folder, instance, speaker, room };
}

/** The median of each build. The first round warms up. */
async function alternate(
  builds: readonly Build[],
  rounds: number,
  measure: (build: Build) => Promise<number>,
): Promise<Measured[]> {
  const all = builds.map(() => [] as number[]);
  for (let round = 0; round <= rounds; round++) {
    for (const [index, build] of builds.entries()) {
      const value = await measure(build);
      if (round > 0) all[index]?.push(value);
    }
  }
  return all.map((values) => ({ value: values.toSorted((a, b) => a - b)[values.length >> 1] ?? NaN }));
}

async function eventWithAck({ instance, speaker }: Build): Promise<number> {
  const letters = await instance.collect(async () => {
    for (let event = 0; event < EVENTS; event++) await speaker.frame(`42${event}["ack"]`);
  });
  return (await instance.handle(letters)) / EVENTS / 1_000;
}

const broadcast =
  (aws: CountingAws) =>
  async ({ instance, speaker, room }: Build): Promise<number> => {
    const letters = await instance.collect(async () => {
      for (let event = 0; event < BROADCASTS; event++) await speaker.frame(`42["room","${room}"]`);
    });
    aws.reset();
    const cpuMicros = await instance.handle(letters);
    if (aws.calls.posts !== BROADCASTS * RECIPIENTS)
      throw new Error(`expected ${BROADCASTS * RECIPIENTS} posts, got ${aws.calls.posts}`);
    aws.frames.clear();
    return cpuMicros / BROADCASTS / RECIPIENTS;
  };

/** Of a process of its own: imports the bundle, and handles an event with an acknowledgement. */
async function coldStart({ folder, instance, speaker }: Build): Promise<number> {
  const [letter] = await instance.collect(() => speaker.frame(`421["ack"]`));
  const code =
    `const before = process.cpuUsage();` +
    `const { handler } = await import(${JSON.stringify(path.join(folder, "inbox.mjs"))});` +
    `await handler(${JSON.stringify(letter)}, { awsRequestId: "cold", getRemainingTimeInMillis: () => 30_000 });` +
    `const { user, system } = process.cpuUsage(before); console.log((user + system) / 1000); process.exit();`;
  const child = spawn(process.execPath, ["--enable-source-maps", "--input-type=module", "--eval", code], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const [output] = await Promise.all([text(child.stdout), once(child, "exit")]);
  return Number(output.trim().split("\n").at(-1));
}

await main();
