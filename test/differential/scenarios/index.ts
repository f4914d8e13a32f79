import type { Scenario } from "../scenario.ts";
import { acks } from "./acks.ts";
import { binary } from "./binary.ts";
import { closing } from "./closing.ts";
import { connecting } from "./connecting.ts";
import { events } from "./events.ts";
import { listeners } from "./listeners.ts";
import { management } from "./management.ts";
import { rooms } from "./rooms.ts";

export const scenarios: readonly Scenario[] = [
  ...connecting,
  ...events,
  ...listeners,
  ...acks,
  ...binary,
  ...rooms,
  ...management,
  ...closing,
];
