import { assumptions } from "./assumptions.ts";
import { causes, reckonUsage, type Cause } from "./causes.ts";
import { reckonContainers } from "./containers.ts";
import type { Operations } from "./operations.ts";
import { meters, priceOf, services, type Meter, type Prices, type Usage } from "./prices.ts";
import { sumUsage } from "./usage.ts";
import type { Workload } from "./workload.ts";

/** US dollars a month. */
export type Dollars = number;

export interface Line {
  readonly service: string;
  readonly amount: number;
  readonly dollars: Dollars;
}

export interface Comparison {
  readonly prices: { readonly region: string; readonly date: string };
  readonly workload: Workload;
  readonly dollars: Dollars;
  readonly byService: readonly Line[];
  readonly byCause: Readonly<Record<Cause, Dollars>>;
  readonly alternative: {
    readonly containers: number;
    readonly redisNodes: number;
    readonly dollars: Dollars;
    readonly byService: readonly Line[];
  };
  /** What the bill does not say: quotas that such a workload meets. */
  readonly notes: readonly string[];
}

/** The bill of a workload, by service and by cause, and that of the usual alternative. */
export function compare(workload: Workload, operations: Operations, prices: Prices): Comparison {
  const usage = reckonUsage(workload, operations);
  const total = sumUsage(...Object.values(usage));
  const { containers, redisNodes, usage: alternative } = reckonContainers(workload);
  const byService = toLines(prices, total);
  const alternativeLines = toLines(prices, alternative);
  return {
    prices: { region: prices.region, date: prices.date },
    workload,
    dollars: sum(byService),
    byService,
    byCause: Object.fromEntries(
      causes.map((cause) => [cause, shareOf(prices, usage[cause], total)]),
    ) as unknown as Record<Cause, Dollars>,
    alternative: {
      containers,
      redisNodes,
      dollars: sum(alternativeLines),
      byService: alternativeLines,
    },
    notes: findNotes(workload, total),
  };
}

const used = (usage: Usage): readonly (readonly [Meter, number])[] =>
  meters.flatMap((meter) => ((usage[meter] ?? 0) === 0 ? [] : [[meter, usage[meter] ?? 0] as const]));

const toLines = (prices: Prices, usage: Usage): readonly Line[] =>
  used(usage).map(([meter, amount]) => ({
    service: services[meter],
    amount,
    dollars: priceOf(prices, meter, amount),
  }));

const sum = (lines: readonly Line[]): Dollars => lines.reduce((total, { dollars }) => total + dollars, 0);

/** Cheaper tiers are everybody's: a cause pays the average price of all that is used. */
const shareOf = (prices: Prices, usage: Usage, total: Usage): Dollars =>
  used(usage).reduce((dollars, [meter, amount]) => {
    const all = total[meter] ?? amount;
    return dollars + (amount / all) * priceOf(prices, meter, all);
  }, 0);

/** Requests a second to API Gateway of an account and region; all posts count. */
const REQUEST_QUOTA = 10_000;
/** New WebSocket connections a second. */
const CONNECT_QUOTA = 500;
const EXECUTION_QUOTA = 1_000;
const MONTH_SECONDS = 30 * 24 * 3_600;

function findNotes(
  { connections, polling, sessionMinutes, peak }: Workload,
  total: Usage,
): readonly string[] {
  const requests = (((total.websocketMessages ?? 0) + (total.httpRequests ?? 0)) * peak) / MONTH_SECONDS;
  const connects = (connections * (1 - polling) * peak) / (sessionMinutes * 60);
  const parked = connections * polling;
  // Almost all others are runs of the inbox, which has 1 GB.
  const running = (total.lambdaGbSeconds ?? 0) / MONTH_SECONDS - parked * assumptions.pollGb;
  const executions = (parked + running / assumptions.inboxGb) * peak;
  const quota = (amount: number, what: string, given: number) =>
    amount <= given
      ? []
      : [
          `The busiest hour has ${round(amount)} ${what}; an account has ${round(given)} until AWS raises its quota.`,
        ];
  return [
    ...quota(requests, "messages a second", REQUEST_QUOTA),
    ...quota(connects, "new connections a second", CONNECT_QUOTA),
    ...quota(executions, "functions at once", EXECUTION_QUOTA),
  ];
}

const round = (amount: number): string => Math.round(amount).toLocaleString("en-US");
