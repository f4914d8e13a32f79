/**
 * What becomes of large rooms, storms and a million connections, in virtual time: the real server, planner, pace, outbound,
 * heartbeat and store on a simulated platform (`bench/scale/assumed.ts`). The same numbers in every run.
 * `npm run bench:scale [-- --json] [-- --seed N]`. Exits 1 where a target is missed.
 */
import { parseArgs } from "node:util";
import { priceOf, readPrices } from "../infra/cost/prices.ts";
import { assumed } from "./scale/assumed.ts";
import { playBroadcasts, type BroadcastRun } from "./scale/broadcasts.ts";
import { playHeartbeat } from "./scale/heartbeat-walk.ts";
import { createSeeded, percentile } from "./scale/seeded.ts";
import { playStorm } from "./scale/storm.ts";

interface Row {
  readonly name: string;
  readonly value: number;
  /** In words; empty: nothing is asked of it. */
  readonly target: string;
  readonly ok: boolean;
}

const prices = readPrices();
const rows: Row[] = [];
const note = (name: string, value: number, target = "", ok = true): void => {
  rows.push({ name, value: Math.round(value * 1_000) / 1_000, target, ok });
};

/** In dollars, for a million recipients. */
function costOf({ usage, delivered }: BroadcastRun): number {
  const { posts, readUnits, writeUnits, invocations, gbSeconds } = usage;
  const dollars =
    priceOf(prices, "websocketMessages", posts) +
    priceOf(prices, "readUnits", readUnits) +
    priceOf(prices, "writeUnits", writeUnits) +
    priceOf(prices, "lambdaRequests", invocations) +
    priceOf(prices, "lambdaGbSeconds", gbSeconds);
  return (dollars / delivered.flat().length) * 1e6;
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: { json: { type: "boolean", default: false }, seed: { type: "string", default: "1" } },
  });
  const seed = Number(values.seed);
  // Whoever tries again waits for a random time.
  Math.random = createSeeded(seed);

  const costs = new Map<number, number>();
  for (const members of [100, 1_000, 10_000]) {
    const run = await playBroadcasts({ seed, rooms: [members] });
    costs.set(members, costOf(run));
    const all = run.delivered.flat();
    note(`to ${members}: p50, ms`, percentile(all, 0.5));
    note(`to ${members}: p99, ms`, percentile(all, 0.99));
    note(`to ${members}: $ a million recipients`, costOf(run));
  }
  await playLargest(seed, costs);
  await playTwo(seed);
  await playSmallQuota(seed);
  await playStorms(seed);
  const walk = await playHeartbeat(seed, 1_000_000);
  note("1,000,000 connections: pings of a minute", walk.pings);
  note("1,000,000 connections: the minute's walk, s", walk.ms / 1_000, "≤ 58", walk.ms <= 58_000);
  note("1,000,000 connections: pings refused", walk.refused, "0", walk.refused === 0);

  for (const { name, value, target, ok } of rows)
    console.log(`${ok ? " " : "✗"} ${name.padEnd(52)} ${String(value).padStart(12)}  ${target}`);
  if (values.json) console.log(JSON.stringify({ rows }));
  process.exitCode = rows.every(({ ok }) => ok) ? 0 : 1;
}

/** A hundred thousand members, while two hundred ordinary packets a second go on. */
async function playLargest(seed: number, costs: Map<number, number>): Promise<void> {
  const members = 100_000;
  const run = await playBroadcasts({ seed, rooms: [members], ordinary: 200 });
  const all = run.delivered.flat();
  const lastMs = percentile(all, 1);
  const used = members / ((lastMs / 1_000) * assumed.quota);
  // All but a hundredth, of which the bucket lets some through at once; then the time of a post.
  const floorMs = ((0.99 * members - assumed.burst) / assumed.quota) * 1_000 + assumed.postMs.p50;
  const p99 = percentile(all, 0.99);
  note("to 100,000: delivered", all.length, "100000", all.length === members);
  note("to 100,000: the last one, ms", lastMs);
  note("to 100,000: quota used", used, "≥ 0.95", used >= 0.95);
  note("to 100,000: p50, ms", percentile(all, 0.5));
  note("to 100,000: p99, ms", p99);
  note("to 100,000: p99, by the physical floor", p99 / floorMs, "≤ 1.2", p99 <= 1.2 * floorMs);
  const [idle, during] = [percentile(run.idle, 0.99), percentile(run.during, 0.99)];
  note("ordinary packets: p99 idle, ms", idle);
  note("ordinary packets: p99 during it, by idle", during / idle, "≤ 2", during <= 2 * idle);
  note("ordinary packets: frames refused", run.refusedFrames, "0", run.refusedFrames === 0);
  note(
    "the room's partition: read units of a second",
    run.hottest,
    "≤ 3000",
    run.hottest <= assumed.readUnits,
  );
  note("the room's partition: reads thrown back", run.throttled, "0", run.throttled === 0);
  // What ordinary packets cost is none of the broadcast's.
  const ownPosts = { ...run, usage: { ...run.usage, posts: members, invocations: run.usage.invocations } };
  const cost = costOf(ownPosts);
  const thousand = costs.get(1_000) ?? NaN;
  const exponent = Math.log((cost * members) / (thousand * 1_000)) / Math.log(members / 1_000);
  note("to 100,000: $ a million recipients", cost, "≤ 1.1 × to 1,000", cost <= 1.1 * thousand);
  note("growth of the cost, exponent", exponent, "≤ 1.02", exponent <= 1.02);
}

async function playTwo(seed: number): Promise<void> {
  const run = await playBroadcasts({ seed, rooms: [30_000, 30_000] });
  const [a = 0, b = 0] = run.delivered.map((one) => percentile(one, 0.99));
  note(
    "two at once, to 30,000 each: p99 of the one, by the other",
    a / b,
    "0.9 to 1.1",
    Math.abs(a / b - 1) <= 0.1,
  );
  const used = run.delivered.flat().length / ((percentile(run.delivered.flat(), 1) / 1_000) * assumed.quota);
  note("two at once: quota used", used, "≥ 0.9", used >= 0.9);
  note("two at once: posts refused", run.usage.refused, "0", run.usage.refused === 0);
}

/** The account has half of what the stage was told. */
async function playSmallQuota(seed: number): Promise<void> {
  const run = await playBroadcasts({ seed, rooms: [30_000], quota: 5_000 });
  const [tally] = run.tallies;
  note(
    "half the quota, to 30,000: given up on",
    tally?.dropped ?? NaN,
    "≤ 300",
    (tally?.dropped ?? NaN) <= 300,
  );
  note("half the quota, to 30,000: refusals by post", run.usage.refused / run.usage.posts);
}

/** Twice: a room that gets shards as it grows, and, for comparison, one that stays in one partition. */
async function playStorms(seed: number): Promise<void> {
  const clients = 20_000;
  const floorMs = (clients / assumed.connects) * 1_000;
  for (const [room, isSpread] of [
    ["one partition", false],
    ["shards", true],
  ] as const) {
    Math.random = createSeeded(seed);
    const run = await playStorm(seed, clients, isSpread ? {} : { lookEvery: Infinity, outgrownAt: Infinity });
    const name = `20,000 come back, ${room}`;
    const judge = (what: string, value: number, target: string, ok: boolean) =>
      isSpread ? note(`${name}: ${what}`, value, target, ok) : note(`${name}: ${what}`, value);
    const [largest = NaN] = run.partitions;
    judge("members in the largest partition", largest, "≤ 3000", largest <= 3_000);
    note(`${name}: p99 from accepted to its room, ms`, percentile(run.enteredMs, 0.99));
    note(`${name}: letters' p99 wait, ms`, percentile(run.waitedMs, 0.99));
    judge("letters and clients that failed and came again", run.again, "0", run.again === 0);
    judge("all, by the quota's own time", run.allMs / floorMs, "≤ 1.2", run.allMs <= 1.2 * floorMs);
    judge("writes thrown back", run.refusedWrites, "0", run.refusedWrites === 0);
    note(`${name}: units of a second of the hottest partition, ${run.hottestKey}`, run.hottest);
  }
}

await main();
