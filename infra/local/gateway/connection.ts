import type { WebSocket } from "ws";
import { closeReasons } from "../../close-codes.ts";
import type { BinaryForm } from "./binary-frames.ts";
import type { ConnectionFacts, DisconnectCause } from "./events.ts";

/** A WebSocket behind the gateway, from 101 until its `$disconnect`. */
export interface Connection {
  readonly facts: ConnectionFacts;
  readonly authorizer: Record<string, unknown> | undefined;
  readonly socket: WebSocket;
  /** What binary frames are as text, where they pass at all. */
  readonly binaryForm: BinaryForm;
  lastActiveAtMs: number;
  /** The client has vanished without a word: posts succeed into the void, frames no longer come. */
  dropped: boolean;
  /** Why the gateway itself closes it; what the client answers does not matter then. */
  closing: DisconnectCause | undefined;
  ended: boolean;
}

export const toCause = (code: number, reason = ""): DisconnectCause => ({
  code,
  reason: reason || (closeReasons[code] ?? ""),
});

/** Every open connection by its id. */
export class Connections {
  #byId = new Map<string, Connection>();

  get(connectionId: string): Connection | undefined {
    return this.#byId.get(connectionId);
  }

  add(connection: Connection): void {
    this.#byId.set(connection.facts.connectionId, connection);
  }

  remove(connection: Connection): void {
    this.#byId.delete(connection.facts.connectionId);
  }

  all(): IterableIterator<Connection> {
    return this.#byId.values();
  }
}
