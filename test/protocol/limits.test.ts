import { expect, test } from "vitest";
import * as limits from "../../lib/protocol/limits.ts";

test("the gateway's limits are the documented ones", () => {
  expect(limits.MAX_INBOUND_FRAME_BYTES).toBe(32_768);
  expect(limits.MAX_POST_BYTES).toBe(131_072);
});

test.each([
  ["/", true],
  [`/${"a".repeat(127)}`, true],
  [`/${"a".repeat(128)}`, false],
  [`/${"é".repeat(63)}`, true],
  [`/${"é".repeat(64)}`, false],
])("the length of a namespace counts in bytes (case %#)", (nsp, fits) => {
  expect(limits.fitsNamespaceLimit(nsp)).toBe(fits);
});
