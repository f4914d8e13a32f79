import type { LogBound, LogRecord } from "./recovery-store.ts";
import { toMessagesBytes } from "./row-limits.ts";

export function isBeyond(packets: readonly LogRecord[], bound: LogBound): boolean {
  const above = packets.filter(({ offset }) => offset > bound.above);
  return above.length > bound.packets || toPacketsBytes(above) > bound.bytes;
}

export const toPacketsBytes = (packets: readonly LogRecord[]): number =>
  packets.reduce((sum, { messages }) => sum + toMessagesBytes(messages), 0);
