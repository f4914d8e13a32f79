import type { Session } from "../../engine/session.ts";
import type { Turn } from "../../engine/turn.ts";
import type { Sid } from "../../ids.ts";
import type { SocketState } from "../replay/socket-state.ts";
import { fromRoomName } from "./room-name.ts";

/** What has happened to sockets, in the turn that it has happened in; nothing of it in a replay. */
export type Observed =
  | { readonly kind: "connected"; readonly session: Session; readonly state: SocketState }
  | { readonly kind: "upgraded"; readonly states: readonly SocketState[] }
  /** `socket.data` is stored with what has changed in it. */
  | { readonly kind: "data"; readonly state: SocketState }
  | {
      readonly kind: "disconnected";
      readonly nsp: string;
      readonly socketId: string;
      /** Those it was in, its own among them. */
      readonly rooms: readonly string[];
      readonly reason: string;
    }
  | {
      readonly kind: "joined" | "left";
      readonly nsp: string;
      readonly room: string;
      readonly socketId: string;
    }
  /** An event, its name first, without the function that answers it. */
  | {
      readonly kind: "received" | "sent";
      readonly nsp: string;
      readonly socketId: string;
      readonly args: readonly unknown[];
    }
  /** A message of a client, so many bytes long without the character that says so. */
  | { readonly kind: "message"; readonly bytes: number }
  /** A whole session has ended: its memberships are gone, its beat is about to. */
  | { readonly kind: "closed"; readonly sid: Sid; readonly reason: string };

/** Who is told of it, where the app has asked for that: `nonsticky/admin`. */
export interface Observer {
  /** Whether somebody is known to look. What is only for them, and costs a request, is left out else. */
  readonly isWatched: boolean;
  /** False where nobody is known to look: then nothing need be kept for them either. */
  readonly mayBeWatched: boolean;
  /** Called at once, in the order in which things happen. MUST NOT throw, and no turn may fail because of it. */
  observe(turn: Turn, what: Observed): void;
  /** About once a minute, in one process of the deployment. MUST NOT throw, or reject. */
  onMinute(): Promise<void>;
}

export function observeRooms(
  observer: Observer | undefined,
  turn: Turn,
  kind: "joined" | "left",
  { nsp, socketId }: { readonly nsp: string; readonly socketId: string },
  names: Iterable<string>,
): void {
  for (const name of names) observer?.observe(turn, { kind, nsp, room: fromRoomName(name), socketId });
}
