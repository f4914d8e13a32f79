import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { assumptions } from "../../infra/cost/assumptions.ts";
import { createPowertoolsMetrics, type PowertoolsMetrics } from "../../lib/aws/powertools-metrics.ts";

const lines: string[] = [];

beforeEach(() => {
  lines.length = 0;
  vi.spyOn(process.stdout, "write").mockImplementation((chunk) => {
    lines.push(chunk.toString());
    return true;
  });
});

afterEach(() => {
  vi.restoreAllMocks();
});

/** The bytes that an invocation writes which has counted so. */
function bytesOf(count: (metrics: PowertoolsMetrics) => void): number {
  lines.length = 0;
  const metrics = createPowertoolsMetrics({
    service: "nonsticky",
    stage: "prod",
    functionName: "nonsticky-prod-inbox",
  });
  count(metrics);
  metrics.publish();
  return Buffer.byteLength(lines.join(""));
}

const { metricsLogBytes, closeLogBytes } = assumptions;

it.each<readonly [string, number, (metrics: PowertoolsMetrics) => void]>([
  [
    "OPEN",
    metricsLogBytes,
    (metrics) => {
      metrics.add("ConnectionsOpened", 1, "websocket");
      metrics.add("TurnDuration", 12, "opened");
    },
  ],
  [
    "an event, answered",
    metricsLogBytes,
    (metrics) => {
      metrics.add("PacketsReceived", 1, "event");
      metrics.add("TurnDuration", 12, "event");
      metrics.add("Deliveries", 10, "delivered");
    },
  ],
  [
    "a close, whose reason is in the same line",
    metricsLogBytes + closeLogBytes,
    (metrics) => {
      metrics.add("ConnectionsClosed", 1, "transport close");
      metrics.add("TurnDuration", 12, "close");
    },
  ],
])("a run of %s writes at most %i bytes of metrics, and hardly less", (_, reckoned, count) => {
  const bytes = bytesOf(count);

  expect(lines).toHaveLength(1);
  expect(bytes).toBeLessThanOrEqual(reckoned);
  expect(bytes).toBeGreaterThan(reckoned * 0.8);
});
