import { describe, expect, it } from "vitest";
import { createSid, isBornOnPolling, isSid, openedAtMs, protocolOf, takesBytes } from "../lib/ids.ts";

const NOW_MS = Date.UTC(2026, 10, 22, 12);

describe("a session id", () => {
  it.each([
    [{}, 4, false, false],
    [{ protocol: 4, onPolling: true }, 4, true, false],
    [{ protocol: 3 }, 3, false, false],
    [{ protocol: 3, onPolling: true }, 3, true, false],
    [{ protocol: 3, onPolling: true, takesBytes: true }, 3, true, true],
  ] as const)("of %j tells so, and when", (birth, protocol, onPolling, inBytes) => {
    for (let i = 0; i < 100; i += 1) {
      const sid = createSid(NOW_MS, birth);

      expect(isSid(sid)).toBe(true);
      expect(openedAtMs(sid)).toBe(NOW_MS);
      expect(protocolOf(sid)).toBe(protocol);
      expect(isBornOnPolling(sid)).toBe(onPolling);
      expect(takesBytes(sid)).toBe(inBytes);
    }
  });

  it("is another one each time", () => {
    const sids = Array.from({ length: 1_000 }, () => createSid(NOW_MS));

    expect(new Set(sids).size).toBe(1_000);
  });
});
