import type { MetricName, Metrics } from "../../lib/metrics.ts";

export interface MemoryMetrics extends Metrics {
  /** The values that came, in order: of one `by`, or of all. */
  values(name: MetricName, by?: string): readonly number[];
  total(name: MetricName, by?: string): number;
}

export function createMemoryMetrics(): MemoryMetrics {
  const added: { readonly name: MetricName; readonly value: number; readonly by: string | undefined }[] = [];
  const values = (name: MetricName, by?: string) =>
    added.filter((one) => one.name === name && (by === undefined || one.by === by)).map(({ value }) => value);
  return {
    add: (name, value = 1, by = undefined) => {
      added.push({ name, value, by });
    },
    values,
    total: (name, by) => values(name, by).reduce((sum, value) => sum + value, 0),
  };
}
