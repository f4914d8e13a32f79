import { expect, it } from "vitest";
import { compare } from "../../infra/cost/bill.ts";
import { readOperations } from "../../infra/cost/operations.ts";
import { priceOf, readPrices } from "../../infra/cost/prices.ts";
import { defaultWorkload, workloads } from "../../infra/cost/workload.ts";
import { read } from "../docs/markdown.ts";
import { createOperations } from "./operations.ts";

const prices = readPrices();
const operations = readOperations();
const idle = { ...defaultWorkload, inPerHour: 0, outPerHour: 0, rooms: 0, monitoring: false };
const sum = (lines: readonly { readonly dollars: number }[]) =>
  lines.reduce((total, { dollars }) => total + dollars, 0);

it("each part of an amount has the price of its tier", () => {
  expect(priceOf(prices, "websocketMessages", 500_000_000)).toBeCloseTo(500, 6);
  expect(priceOf(prices, "websocketMessages", 1_500_000_000)).toBeCloseTo(1_000 + 400, 6);
  expect(priceOf(prices, "websocketMessages", 0)).toBe(0);
});

it("a thousand open connections cost 10.80", () => {
  const { byService } = compare({ ...idle, connections: 1_000 }, createOperations(), prices);

  const minutes = byService.find(({ service }) => service === "API Gateway connection minutes");
  expect(minutes).toMatchObject({ amount: 43_200_000 });
  expect(minutes?.dollars).toBeCloseTo(10.8, 6);
});

it.each(Object.entries(workloads))("the causes of the %s workload add up to its services", (_, workload) => {
  const comparison = compare(
    { ...workload, connections: 1_000_000, recovery: true, polling: 0.1, edge: true },
    operations,
    prices,
  );

  expect(sum(comparison.byService)).toBeCloseTo(comparison.dollars, 4);
  expect(Object.values(comparison.byCause).reduce((total, dollars) => total + dollars, 0)).toBeCloseTo(
    comparison.dollars,
    4,
  );
});

it("nobody connected costs what docs/cost.md says", () => {
  const { dollars } = compare({ ...idle, connections: 0 }, operations, prices);

  const [, said = ""] = /\*\*At rest\*\*[^]*?\*\*Sum\*\*.*?\*\*([\d.]+)\*\*/.exec(read("docs/cost.md")) ?? [];
  expect(Math.abs(dollars - Number(said))).toBeLessThan(0.02);
});

it("a client that polls for a month costs about ten dollars", () => {
  const { dollars } = compare({ ...idle, connections: 1, polling: 1 }, operations, prices);
  const rest = compare({ ...idle, connections: 0 }, operations, prices).dollars;

  expect(dollars - rest).toBeGreaterThan(9);
  expect(dollars - rest).toBeLessThan(11);
});

it("a million requests for routes cost 1.47 and what they log and answer, with two alarms", () => {
  const workload = { ...idle, connections: 1_000, monitoring: true };
  const [without, routed] = [0, 1_000 / 720].map((routesPerHour) =>
    compare({ ...workload, routesPerHour }, createOperations(), prices),
  );
  const cause = routed!.byCause.routes;

  // A dollar for the HTTP API, 0.20 for requests and 0.267 for 20 ms of 1 GB; 1.15 GB of logs, 5 GB to clients.
  expect(without!.byCause.routes).toBe(0);
  expect(cause).toBeCloseTo(1.4667 + 0.5 * (1_150e6 / 2 ** 30) + 0.09 * (5e9 / 2 ** 30) + 0.2, 1);
  // A cold start now and then is a cause of its own.
  expect(routed!.dollars - without!.dollars - cause).toBeLessThan(0.05);
  const answered = routed!.alternative.dollars - without!.alternative.dollars;
  expect(answered).toBeCloseTo(0.09 * (5e9 / 2 ** 30), 1);
});

it("three containers and what belongs to them cost 99.90, empty", () => {
  const { alternative } = compare({ ...idle, connections: 0 }, operations, prices);

  // 720 hours of 1.5 vCPU, 3 GB, a load balancer, a Redis, five addresses
  const dollars = 720 * (1.5 * 0.03238 + 3 * 0.00356 + 0.0225 + 0.032 + 5 * 0.005);
  expect(alternative.containers).toBe(3);
  expect(alternative.dollars).toBeCloseTo(dollars, 6);
  expect(dollars).toBeCloseTo(99.9, 1);
});

it("there are as many containers as the busiest hour needs", () => {
  const of = (changes: object) =>
    compare({ ...idle, connections: 100_000, ...changes }, operations, prices).alternative;

  expect(of({ peak: 1 }).containers).toBe(20);
  expect(of({ peak: 3 }).containers).toBe(60);
  // 100,000 clients, 3,888 packets an hour with pings: 108,000 a second
  expect(of({ peak: 1, outPerHour: 3_600 }).containers).toBe(22);
  // 5,000 emits a second to 22 containers each
  expect(of({ peak: 1, outPerHour: 3_600, fanOut: 20 }).redisNodes).toBe(3);
});

it("the load balancer is paid by its fullest dimension", () => {
  const { alternative } = compare({ ...idle, connections: 30_000 }, operations, prices);

  const capacity = alternative.byService.find(({ service }) => service === "Load balancer capacity");
  expect(capacity?.amount).toBe(10 * 720);
});

it.each([
  ["messages a second", { connections: 100_000, outPerHour: 600, fanOut: 10 }],
  ["new connections a second", { connections: 1_000_000, sessionMinutes: 60 }],
  ["functions at once", { connections: 600, polling: 1 }],
])("says that an account's quota does not suffice: %s", (what, changes) => {
  const { notes } = compare({ ...idle, ...changes }, operations, prices);

  expect(notes.join("\n")).toContain(what);
});

it("a small workload meets no quota", () => {
  expect(compare(workloads.chatty, operations, prices).notes).toEqual([]);
});
