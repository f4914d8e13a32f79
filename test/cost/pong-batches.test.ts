import { describe, expect, it } from "vitest";
import { measurePongBatches, walks } from "../../bench/pong-batches.ts";
import { assumptions } from "../../infra/cost/assumptions.ts";

describe("the pongs of one walk", () => {
  it.each(walks.map((pings, index) => [pings, assumptions.pongsPerBatch[index]] as const))(
    "of %i pings share batches as the bill assumes",
    async (pings, assumed) => {
      const { perBatch } = await measurePongBatches(pings);

      expect(assumed?.[0]).toBe(pings);
      expect(perBatch).toBeCloseTo(assumed?.[1] ?? 0, 0);
      expect(Math.abs(perBatch - (assumed?.[1] ?? 0))).toBeLessThan(0.1);
    },
  );
});
