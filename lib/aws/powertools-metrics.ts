import { Metrics as Powertools, MetricUnit } from "@aws-lambda-powertools/metrics";
import { metrics, type MetricKind, type MetricName, type Metrics } from "../metrics.ts";

const NAMESPACE = "nonsticky";
/** What CloudWatch takes as the value of a dimension, and reads well in a list. */
const NOT_IN_A_DIMENSION = /[^\x20-\x7e]/g;
const MAX_DIMENSION_LENGTH = 100;

export interface PowertoolsMetrics extends Metrics {
  /** Writes what was counted since the last time. To be called before an invocation ends: afterwards it is frozen. */
  publish(): void;
}

/**
 * Counts as CloudWatch metrics, in the embedded metric format: log lines that CloudWatch reads, so that counting costs
 * no request. A line has one set of dimensions. Most invocations write one line, or, having counted nothing, none;
 * what is counted by a dimension takes a line for each of its values.
 * @see https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
 */
export function createPowertoolsMetrics(stack: {
  readonly service: string;
  readonly stage: string;
  readonly functionName: string;
}): PowertoolsMetrics {
  const { service, stage, functionName } = stack;
  const create = (dimension: Readonly<Record<string, string>> = {}) =>
    new Powertools({
      namespace: NAMESPACE,
      serviceName: service,
      defaultDimensions: { stage, function: functionName, ...dimension },
    });
  const main = create();
  const others = new Map<string, Powertools>();
  const counts = new Map<Powertools, Map<string, number>>();

  const count = (sink: Powertools, name: string, value: number) => {
    const own = counts.get(sink) ?? new Map<string, number>();
    own.set(name, (own.get(name) ?? 0) + value);
    counts.set(sink, own);
  };
  const sinkFor = (dimension: string, value: string): Powertools => {
    const fit = value.replaceAll(NOT_IN_A_DIMENSION, "?").slice(0, MAX_DIMENSION_LENGTH) || "none";
    const key = `${dimension} ${fit}`;
    const sink = others.get(key) ?? create({ [dimension]: fit });
    others.set(key, sink);
    return sink;
  };

  return {
    add: (name, value = 1, by = undefined) => {
      const { unit, dimension }: MetricKind = metrics[name];
      const fullName = dimension === undefined && by !== undefined ? toName(name, by) : name;
      // Durations stay single values, for percentiles.
      if (unit === "Milliseconds") main.addMetric(fullName, MetricUnit.Milliseconds, value);
      else count(main, fullName, value);
      if (dimension !== undefined && by !== undefined) count(sinkFor(dimension, by), name, value);
    },
    publish: () => {
      for (const [sink, own] of counts) {
        for (const [name, value] of own) sink.addMetric(name, MetricUnit.Count, value);
      }
      counts.clear();
      for (const sink of [main, ...others.values()]) if (sink.hasStoredMetrics()) sink.publishStoredMetrics();
    },
  };
}

/** `("Deliveries", "gone")` → `DeliveriesGone` */
const toName = (name: MetricName, by: string): string =>
  name +
  by
    .split(/[^A-Za-z0-9]+/)
    .map((word) => word.charAt(0).toUpperCase() + word.slice(1))
    .join("");
