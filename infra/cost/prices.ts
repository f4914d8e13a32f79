import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { CostError } from "./cost-error.ts";

/** What a bill has a line for, by the service that sends it. */
export const services = {
  websocketMessages: "API Gateway messages",
  connectionMinutes: "API Gateway connection minutes",
  httpRequests: "HTTP API",
  queueRequests: "SQS",
  alarmRequests: "SQS, standard",
  lambdaRequests: "Lambda requests",
  lambdaGbSeconds: "Lambda GB-seconds",
  writeUnits: "DynamoDB writes",
  readUnits: "DynamoDB reads",
  storageGbMonths: "DynamoDB storage",
  logGb: "CloudWatch logs",
  customMetrics: "CloudWatch metrics",
  alarmMetrics: "CloudWatch alarms",
  dashboards: "CloudWatch dashboard",
  egressGb: "Data transfer out",
  edgeRequests: "CloudFront requests",
  edgeGb: "CloudFront transfer",
  containerVcpuHours: "Fargate vCPU",
  containerGbHours: "Fargate memory",
  loadBalancerHours: "Load balancer",
  loadBalancerCapacityHours: "Load balancer capacity",
  redisHours: "ElastiCache",
  addressHours: "Public IPv4 addresses",
} as const;

export type Meter = keyof typeof services;
export const meters = Object.keys(services) as readonly Meter[];

/** Amounts by meter, in the units of the price file; absent is none. */
export type Usage = Readonly<Partial<Record<Meter, number>>>;

/** From this amount on, in units, a unit costs so many US dollars. */
interface Tier {
  readonly from: number;
  readonly price: number;
}

export interface Prices {
  readonly region: string;
  /** The day on which they were known, as `2026-11-22`. */
  readonly date: string;
  readonly meters: Readonly<Record<Meter, { readonly tiers: readonly Tier[]; readonly source: string }>>;
}

export const defaultPrices = fileURLToPath(new URL("prices-us-east-1.json", import.meta.url));

/** Reads a price file. Throws a `CostError` that names the file and what is missing in it. */
export function readPrices(file: string = defaultPrices): Prices {
  const prices = parse(file);
  for (const name of ["region", "date"] as const) {
    if (typeof prices[name] !== "string")
      throw new CostError(`expected ${file} to say its ${name}, got none`);
  }
  for (const meter of meters) {
    if (!isTiers(prices.meters?.[meter]?.tiers))
      throw new CostError(
        `expected ${file} to price ${meter} in tiers like [{ "from": 0, "price": 0.000001 }], each above the one before, got ${JSON.stringify(prices.meters?.[meter])}`,
      );
  }
  return prices as Prices;
}

/** What an amount costs, each part of it at the price of its tier. */
export function priceOf(prices: Prices, meter: Meter, amount: number): number {
  const { tiers } = prices.meters[meter];
  return tiers.reduce((sum, { from, price }, index) => {
    const end = tiers[index + 1]?.from ?? Infinity;
    return sum + Math.max(0, Math.min(amount, end) - from) * price;
  }, 0);
}

function parse(file: string): Partial<Prices> {
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch {
    throw new CostError(`expected a file of prices, got ${file}, which cannot be read`);
  }
  try {
    return JSON.parse(text) as Partial<Prices>;
  } catch (error) {
    throw new CostError(`expected ${file} to be JSON, got: ${(error as Error).message}`);
  }
}

const isTiers = (tiers: unknown): tiers is readonly Tier[] =>
  Array.isArray(tiers) &&
  tiers.length > 0 &&
  tiers.every(isTier) &&
  tiers.every(({ from }, index) => (index === 0 ? from === 0 : from > (tiers[index - 1]?.from ?? 0)));

const isTier = (tier: unknown): tier is Tier => {
  const { from, price } = (tier ?? {}) as Partial<Tier>;
  return typeof from === "number" && from >= 0 && typeof price === "number" && price >= 0;
};
