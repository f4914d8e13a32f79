export { instrument } from "./admin/instrument.ts";

export type { BasicAuthentication, InstrumentOptions, Store } from "./admin/instrument-options.ts";
export type {
  ClientEvents,
  Feature,
  NamespaceDetails,
  NamespaceEvent,
  SerializedSocket,
  ServerEvents,
  ServerStats,
} from "./admin/page-events.ts";
