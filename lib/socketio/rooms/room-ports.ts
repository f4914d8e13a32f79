import type { PacketCodec } from "../../protocol/packet.ts";
import type { LogPlace, LogRecord } from "../../state/recovery-store.ts";
import type { Runtime } from "../../engine/runtime.ts";
import type { Observer } from "./observer.ts";
import type { RoomAdapter } from "./room-adapter.ts";
import type { FailureReport } from "../replay/handler-failure.ts";

/** What emits and questions need of the server. */
export interface RoomPorts extends FailureReport {
  /** Throws `core.no_runtime` until the server has been given one. */
  readonly runtime: Runtime;
  /** Whether it has been. What nobody waits for is lost before that, and logged. */
  readonly isServed: boolean;
  reportUnserved(what: string, where: { readonly event?: string; readonly nsp: string }): void;
  readonly codec: PacketCodec;
  /** Undefined, as a rule: nobody looks. */
  readonly observer?: Observer | undefined;
  /** Of a namespace that this instance knows, or can make: `parent` is of which dynamic one it is a child, if known. */
  adapterOf(nsp: string, parent?: string): RoomAdapter | undefined;
  /** Undefined: no packet is kept for clients that come back. */
  readonly recovery: PacketLog | undefined;
}

/** Keeps packets for clients that come back. */
export interface PacketLog {
  /** One write per room of a packet. Before its first post. */
  log(runtime: Runtime, records: readonly LogRecord[]): Promise<void>;
  /** One small write per room. After its last post. */
  markDone(runtime: Runtime, places: readonly LogPlace[]): Promise<void>;
}
