import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { isPublished } from "../../bench/published-calls.ts";
import { assumptions } from "../../infra/cost/assumptions.ts";
import type { Comparison } from "../../infra/cost/bill.ts";
import { reportCost, runCost } from "../../infra/cost/cost-command.ts";
import { operationNames, readOperations } from "../../infra/cost/operations.ts";
import { defaultPrices } from "../../infra/cost/prices.ts";
import { pingIntervalsMs } from "../../infra/cost/workload.ts";
import { read } from "../docs/markdown.ts";

let dir: string;

beforeEach(async () => {
  dir = await mkdtemp(path.join(tmpdir(), "nonsticky-cost-"));
});
afterEach(async () => {
  vi.restoreAllMocks();
  process.exitCode = undefined;
  await rm(dir, { recursive: true, force: true });
});

it("docs/cost.md is what the command prints, down to its parts", () => {
  const [printed = "", parts] = read("docs/cost.md").split("\n## In parts\n");

  expect(printed).toBe(`${reportCost(["--table"])}\n`);
  expect(parts).toContain("**At rest**");
});

it("prints a bill by service and by cause, and what containers would cost", () => {
  const text = reportCost(["--connections", "100", "--ping", "economy", "--recovery", "--acked", "0.5"]);

  expect(text).toMatch(
    /^100 clients, .* 50 % of the sent acknowledged, .* 24 min \(economy\), .* recovery$/m,
  );
  expect(text).toMatch(/^by service$/m);
  expect(text).toMatch(/^ {2}API Gateway connection minutes +1\.08$/m);
  expect(text).toMatch(/^by cause$/m);
  expect(text).toMatch(/^3 containers, sticky load balancer, 1 Redis node$/m);
  expect(text).toMatch(/^cheaper: nonsticky, by [\d.]+$/m);
});

it("says so where the containers are cheaper", () => {
  expect(reportCost(["--connections", "20_000"])).toMatch(/^cheaper: containers, by [\d,]+$/m);
});

it("--json has the workload and both bills", () => {
  const comparison = JSON.parse(
    reportCost(["--json", "--in", "3", "--ping", "30000", "--ordering", "direct", "--edge"]),
  ) as Comparison;

  expect(comparison.workload).toMatchObject({
    ...{ inPerHour: 3, pingIntervalMs: 30_000, ordering: "direct", edge: true, recovery: false },
  });
  expect(comparison.dollars).toBeGreaterThan(0);
  expect(comparison.alternative.dollars).toBeGreaterThan(0);
});

it("takes the prices of another region", async () => {
  const file = path.join(dir, "prices.json");
  const text = await readFile(defaultPrices, "utf8");
  await writeFile(file, text.replace("us-east-1", "eu-central-1").replace("0.00000025", "0.0000005"));

  const printed = reportCost(["--connections", "100", "--prices", file]);

  expect(printed).toContain("list prices of eu-central-1");
  expect(printed).toMatch(/^ {2}API Gateway connection minutes +2\.16$/m);
});

it("takes numbers as people write them: 1e6, 1_000_000, 1000000", () => {
  const [first, ...others] = ["1000000", "1_000_000", "1e6", "1E6"].map((text) =>
    reportCost(["--connections", text]),
  );

  expect(others).toEqual([first, first, first]);
});

it.each<[readonly string[], string]>([
  [["--connections", "many"], "expected --connections to be a number from 0 to 1000000000, got many"],
  [["--connections", "1e10"], "expected --connections to be a number from 0 to 1000000000, got 1e10"],
  [["--connections=-1"], "expected --connections to be a number from 0 to 1000000000, got -1"],
  [["--in", ""], "expected --in to be a number from 0 to 1000000, got "],
  [["--fan-out", "0"], "expected --fan-out to be a number from 1 to"],
  [["--acked", "50"], "expected --acked to be a number from 0 to 1, got 50"],
  [["--timers", "-1"], "expected the options below, got:"],
  [["--timers-rung", "2"], "expected --timers-rung to be a number from 0 to 1, got 2"],
  [["--timers", "1", "--ordering", "direct"], "expected --timers with --ordering fifo, got direct"],
  [["--session-minutes", "180"], "expected --session-minutes to be a number from 0.1 to 120, got 180"],
  [
    ["--ping", "often"],
    "expected --ping to be silent, economy, steady, balanced, official or at least 1000 milliseconds, got often",
  ],
  [["--ping", "toString"], "expected --ping to be silent, economy, steady, balanced, official"],
  [["--ordering", "none"], "expected --ordering to be fifo or direct, got none"],
  [["--clients", "1"], "expected the options below, got: Unknown option '--clients'"],
  [["100"], "expected the options below, got:"],
  [["--json", "--table"], "expected --json or --table, got both"],
  [["--prices", "/nowhere.json"], "expected a file of prices, got /nowhere.json, which cannot be read"],
])("refuses %j", (args, message) => {
  const printed = vi.spyOn(console, "error").mockImplementation(() => {});

  runCost(args);

  expect(process.exitCode).toBe(2);
  expect(printed).toHaveBeenCalledExactlyOnceWith(expect.stringContaining(message));
});

it.each<[string, string]>([
  ["not json", "to be JSON"],
  ["{}", "to say its region"],
  ['{"region":"r","date":"d","meters":{}}', "to price websocketMessages in tiers"],
  [
    '{"region":"r","date":"d","meters":{"websocketMessages":{"tiers":[]}}}',
    "to price websocketMessages in tiers",
  ],
])("refuses prices like %s", async (text, message) => {
  const file = path.join(dir, "prices.json");
  await writeFile(file, text);

  expect(() => reportCost(["--prices", file])).toThrow(`expected ${file} ${message}`);
});

it("refuses tiers that do not rise", async () => {
  const file = path.join(dir, "prices.json");
  const prices = JSON.parse(await readFile(defaultPrices, "utf8")) as { meters: Record<string, unknown> };
  const tiers = [0, 10, 10].map((from) => ({ from, price: 1 }));
  await writeFile(file, JSON.stringify({ ...prices, meters: { ...prices.meters, egressGb: { tiers } } }));

  expect(() => reportCost(["--prices", file])).toThrow(`expected ${file} to price egressGb in tiers`);
});

it("--help lists every option", () => {
  const printed = vi.spyOn(console, "log").mockImplementation(() => {});

  runCost(["--help"]);

  expect(printed.mock.calls[0]?.[0]).toContain("--session-minutes N");
});

it("knows the presets of the heartbeat and the memory of the functions", () => {
  for (const [preset, intervalMs] of Object.entries(pingIntervalsMs))
    expect(read("infra/heartbeat.yml")).toContain(`${preset}:\n  pingIntervalMs: ${intervalMs}\n`);
  const [, functions = ""] = read("serverless.yml").split("\nfunctions:\n");
  const sizes = Object.fromEntries(
    functions
      .split(/^(?: {2}- | {4})(?=\w)/m)
      .flatMap((text) => [/^(\w+):[^]*?memorySize: (\d+)/.exec(text) ?? []])
      .flatMap(([, name, megabytes]) => (name === undefined ? [] : [[name, Number(megabytes) / 1_024]])),
  );
  expect(sizes).toEqual({
    connect: assumptions.connectGb,
    poll: assumptions.pollGb,
    inbox: assumptions.inboxGb,
    heartbeat: assumptions.heartbeatGb,
    fanout: assumptions.inboxGb,
  });
  // Routes are reckoned with the inbox's.
  expect(read("infra/http/true.yml")).toContain(`memorySize: ${assumptions.inboxGb * 1_024}`);
});

it("the bench fails when it counts something else than bills are reckoned with", () => {
  const printed = vi.spyOn(console, "error").mockImplementation(() => {});
  const operations = readOperations();
  const rows = operationNames.map((operation) => ({ operation, ...operations[operation] }));
  const more = rows.map((row) => (row.operation === "pong" ? { ...row, writeUnits: 2 } : row));

  expect(isPublished(rows)).toBe(true);
  expect(isPublished(rows.slice(1))).toBe(false);
  expect(isPublished(more)).toBe(false);
  expect(printed.mock.calls.at(-1)?.[0]).toMatch(/^ {2}pong: expected /m);
});
