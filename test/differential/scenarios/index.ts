import type { Scenario } from "../scenario.ts";
import { acks } from "./acks.ts";
import { binary } from "./binary.ts";
import { broadcasting } from "./broadcasting.ts";
import { catchAll } from "./catch-all.ts";
import { closing } from "./closing.ts";
import { connecting } from "./connecting.ts";
import { data } from "./data.ts";
import { errorEvents } from "./error-events.ts";
import { eventMiddleware } from "./event-middleware.ts";
import { events } from "./events.ts";
import { leaving } from "./leaving.ts";
import { listeners } from "./listeners.ts";
import { management } from "./management.ts";
import { namespaces } from "./namespaces.ts";
import { registration } from "./registration.ts";
import { remoteSockets } from "./remote-sockets.ts";
import { rooms } from "./rooms.ts";
import { roomEvents } from "./room-events.ts";
import { roomValues } from "./room-values.ts";
import { serverAcks } from "./server-acks.ts";

export const scenarios: readonly Scenario[] = [
  ...connecting,
  ...events,
  ...leaving,
  ...listeners,
  ...catchAll,
  ...eventMiddleware,
  ...errorEvents,
  ...registration,
  ...data,
  ...acks,
  ...serverAcks,
  ...binary,
  ...rooms,
  ...roomEvents,
  ...roomValues,
  ...namespaces,
  ...broadcasting,
  ...management,
  ...remoteSockets,
  ...closing,
];
