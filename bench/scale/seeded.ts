import { toSid, type Sid } from "../../lib/ids.ts";

/** Numbers in [0, 1) that are the same in every run: mulberry32. */
export function createSeeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** A duration whose median and 99th percentile are these: logarithms of it are normal. */
export function drawMs(
  random: () => number,
  { p50, p99 }: { readonly p50: number; readonly p99: number },
): number {
  const normal = Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
  return p50 * Math.exp((normal * Math.log(p99 / p50)) / 2.326);
}

const SID_EPOCH_MS = Date.UTC(2025, 0, 1);

/** As `createSid` makes them, of a client that began with a WebSocket. */
export function seededSid(random: () => number, openedAtMs: number): Sid {
  const bytes = Buffer.alloc(15);
  for (let index = 0; index < 10; index++) bytes[index] = Math.floor(random() * 256);
  bytes[0] = (bytes[0] ?? 0) & ~7;
  bytes.writeUIntBE(openedAtMs - SID_EPOCH_MS, 10, 5);
  return toSid(bytes.toString("base64url"));
}

/** Of values in any order, that which `share` of them do not exceed. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? 0;
}
