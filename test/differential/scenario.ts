import type { Namespace, Server } from "socket.io";
import type { ManagerOptions, SocketOptions } from "socket.io-client";
import type { WireClient, WireClientOptions } from "../support/wire-client.ts";
import type { Participant } from "./participant.ts";

/**
 * One client script and the app it talks to. The app is written once, against the API of socket.io, and keeps
 * nothing in variables; all apps live in one process, each in namespaces of its own.
 */
export interface Scenario {
  readonly title: string;
  readonly app: (ground: Ground) => void;
  readonly script: (stage: Stage) => Promise<void>;
}

/** What an app gets: its own namespaces, and the main one, where it must serve only clients of its own. */
export interface Ground {
  readonly io: Server;
  readonly nsp: Namespace;
  readonly name: string;
  of(suffix: string): Namespace;
}

export interface ClientOptions extends Partial<ManagerOptions & SocketOptions> {
  /** `undefined` for the scenario's own namespace, `"/"` for the main one, else a suffix of the own one. */
  readonly nsp?: string;
  /** Shares the connection of another participant. */
  readonly beside?: Participant;
}

/** What a script gets. */
export interface Stage {
  client(lane: string, options?: ClientOptions): Participant;
  wire(lane: string, options?: WireClientOptions): Promise<WireClient>;
  /** The name of the scenario's namespace, for frames. */
  readonly nsp: string;
}
