import type { Check } from "./check.ts";
import { closingChecks } from "./checks/closing.ts";
import { frameChecks } from "./checks/frames.ts";
import { handshakeChecks } from "./checks/handshake.ts";
import { laneChecks } from "./checks/lanes.ts";
import { lastingChecks } from "./checks/lasting.ts";
import { orderChecks } from "./checks/order.ts";
import { pollingChecks } from "./checks/polling.ts";
import { reachChecks } from "./checks/reach.ts";
import { rowChecks } from "./checks/rows.ts";
import { timerChecks } from "./checks/timers.ts";

/** Every point, in the order of the report; what takes hours comes last. */
export const checks: readonly Check[] = [
  ...handshakeChecks,
  ...frameChecks,
  ...orderChecks,
  ...laneChecks,
  ...timerChecks,
  ...closingChecks,
  ...pollingChecks,
  ...rowChecks,
  ...reachChecks,
  ...lastingChecks,
];
