import type { Offset } from "../ids.ts";
import type { LogRecord } from "./recovery-store.ts";
import { toMessagesBytes } from "./row-limits.ts";

/** How much of a log is wanted: whoever gets more has what it needs to know. */
export interface LogBound {
  readonly above: Offset;
  readonly packets: number;
  /** Of messages, as they are stored. */
  readonly bytes: number;
}

export function isBeyond(packets: readonly LogRecord[], bound: LogBound): boolean {
  const above = packets.filter(({ offset }) => offset > bound.above);
  return above.length > bound.packets || toPacketsBytes(above) > bound.bytes;
}

export const toPacketsBytes = (packets: readonly LogRecord[]): number =>
  packets.reduce((sum, { messages }) => sum + toMessagesBytes(messages), 0);
