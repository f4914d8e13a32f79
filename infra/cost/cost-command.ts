import { compare } from "./bill.ts";
import { CostError } from "./cost-error.ts";
import { parseCostOptions, usage } from "./cost-options.ts";
import { toPage } from "./cost-page.ts";
import { readOperations } from "./operations.ts";
import { readPrices } from "./prices.ts";
import { toText } from "./report.ts";

/** Prints what a workload costs in a month, here and on containers. Sets the exit code: 2 when asked wrongly. */
export function runCost(args: readonly string[]): void {
  if (args.includes("--help")) return console.log(usage);
  try {
    console.log(reportCost(args));
  } catch (error) {
    if (!(error instanceof CostError)) throw error;
    console.error(error.message);
    process.exitCode = 2;
  }
}

/** What the command prints. Throws a `CostError`. */
export function reportCost(args: readonly string[]): string {
  const { workload, prices: file, output } = parseCostOptions(args);
  const [operations, prices] = [readOperations(), readPrices(file)];
  if (output === "table") return toPage(operations, prices);
  const comparison = compare(workload, operations, prices);
  return output === "json" ? JSON.stringify(comparison, undefined, 2) : toText(comparison);
}
