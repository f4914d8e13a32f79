import { describe, expect, it } from "vitest";
import {
  isLive,
  sessionExpiresAtSeconds,
  sweepExpiresAtSeconds,
  toExpirySeconds,
} from "../../lib/state/expiry.ts";
import { createOwnedClock, sidOf } from "./fixtures.ts";

describe("expiry", () => {
  it("of a session is two and a half hours after its opening, rounded up to a second", () => {
    const noonMs = Date.UTC(2026, 2, 14, 12);

    expect(sessionExpiresAtSeconds(sidOf(1, noonMs))).toBe(Date.UTC(2026, 2, 14, 14, 30) / 1000);
    expect(sessionExpiresAtSeconds(sidOf(1, noonMs + 1))).toBe(Date.UTC(2026, 2, 14, 14, 30, 1) / 1000);
  });

  it("of a sweep is a day from now", () => {
    expect(sweepExpiresAtSeconds(createOwnedClock(Date.UTC(2026, 2, 14)))).toBe(Date.UTC(2026, 2, 15) / 1000);
  });

  it.each([
    [1_773_489_413_999, true],
    [1_773_489_414_000, false],
    [1_773_489_414_001, false],
  ])("at %i ms is the same for a read and for a condition: %s", (nowMs, live) => {
    const clock = createOwnedClock(nowMs);

    expect(isLive(1_773_489_414, clock)).toBe(live);
    expect(1_773_489_414 > toExpirySeconds(clock)).toBe(live);
  });
});
