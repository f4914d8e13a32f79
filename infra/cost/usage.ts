import { meters, type Usage } from "./prices.ts";

/** Amounts added up, meter by meter. */
export function sumUsage(...usages: readonly Usage[]): Usage {
  return Object.fromEntries(
    meters.flatMap((meter) => {
      const sum = usages.reduce((total, usage) => total + (usage[meter] ?? 0), 0);
      return sum === 0 ? [] : [[meter, sum]];
    }),
  );
}

/** The same so many times. */
export function times(count: number, ...usages: readonly Usage[]): Usage {
  const usage = sumUsage(...usages);
  return Object.fromEntries(meters.map((meter) => [meter, (usage[meter] ?? 0) * count]));
}

const GB = 2 ** 30;
export const toGb = (bytes: number): number => bytes / GB;
