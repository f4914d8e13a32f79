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

/** What one value of a dimension has counted. */
interface Told {
  readonly sink: Sink;
  readonly dimension: string;
  readonly value: string;
}

/** Of which metrics one line can say both. */
interface Alike extends Told {
  readonly names: readonly string[];
}

/**
 * Counts as CloudWatch metrics, in the embedded metric format: log lines that CloudWatch reads, so that counting costs
 * no request. Most invocations write one line, or, having counted nothing, none. A line has one value for each name: of
 * a dimension with several values, each takes a line of its own.
 * @see https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
 */
export function createPowertoolsMetrics(stack: {
  readonly service: string;
  readonly stage: string;
  readonly functionName: string;
}): PowertoolsMetrics {
  const { service, stage, functionName } = stack;
  const create = (dimension: Readonly<Record<string, string>> = {}) =>
    new Sink({
      namespace: NAMESPACE,
      serviceName: service,
      defaultDimensions: { stage, function: functionName, ...dimension },
    });
  const main = create();
  const others = new Map<string, Told>();
  const counts = new Map<Sink, Map<string, number>>();

  const count = (sink: Sink, name: string, value: number) => {
    const own = counts.get(sink) ?? new Map<string, number>();
    own.set(name, (own.get(name) ?? 0) + value);
    counts.set(sink, own);
  };
  const sinkFor = (dimension: string, value: string): Sink => {
    const fit = value.replaceAll(NOT_IN_A_DIMENSION, "?").slice(0, MAX_DIMENSION_LENGTH) || "none";
    const key = `${dimension} ${fit}`;
    const told = others.get(key) ?? { sink: create({ [dimension]: fit }), dimension, value: fit };
    others.set(key, told);
    return told.sink;
  };
  /** Those whose counts are the same without the dimension: one line can say both. */
  const findAlike = (): readonly Alike[] => {
    const counted = [...others.values()].filter(({ sink }) => counts.has(sink));
    return counted.flatMap((told) => {
      const own = [...(counts.get(told.sink) ?? [])];
      const isOnly = counted.every((one) => one === told || one.dimension !== told.dimension);
      const isAlike = own.every(([name, value]) => counts.get(main)?.get(name) === value);
      return isOnly && isAlike ? [{ ...told, names: own.map(([name]) => name) }] : [];
    });
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
      const alike = findAlike().map((told) => ({
        ...told,
        names: [...(counts.get(told.sink)?.keys() ?? [])],
      }));
      for (const { sink } of alike) counts.delete(sink);
      for (const [sink, own] of counts) {
        for (const [name, value] of own) sink.addMetric(name, MetricUnit.Count, value);
      }
      counts.clear();
      if (main.hasStoredMetrics()) main.publishWith(alike);
      for (const { sink } of others.values()) if (sink.hasStoredMetrics()) sink.publishStoredMetrics();
    },
  };
}

class Sink extends Powertools {
  /** Writes its line, with a directive more for each dimension under which some of its metrics count as well. */
  publishWith(alike: readonly Alike[]): void {
    if (alike.length === 0 || this.isDisabled()) {
      this.publishStoredMetrics();
      return;
    }
    const line = this.serializeMetrics();
    const directives = line._aws.CloudWatchMetrics;
    const [{ Namespace, Dimensions }] = directives as [(typeof directives)[number]];
    for (const { dimension, names } of alike) {
      directives.push({
        Namespace,
        Dimensions: Dimensions.map((own) => [...own, dimension]) as typeof Dimensions,
        Metrics: names.map((Name) => ({ Name, Unit: MetricUnit.Count })),
      });
    }
    const values = Object.fromEntries(alike.map(({ dimension, value }) => [dimension, value]));
    process.stdout.write(`${JSON.stringify({ ...line, ...values })}\n`);
    this.clearMetrics();
  }
}

/** `("Deliveries", "gone")` → `DeliveriesGone` */
const toName = (name: MetricName, by: string): string =>
  name +
  by
    .split(/[^A-Za-z0-9]+/)
    .map((word) => word.charAt(0).toUpperCase() + word.slice(1))
    .join("");
