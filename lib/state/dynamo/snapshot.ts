import type { AuthRecord, JoinedRecord, SessionSnapshot, SocketRecord } from "../records.ts";
import { fromAuthItem } from "./items/auth-item.ts";
import type { Item } from "./expressions.ts";
import { fromHandshakeItem } from "./items/handshake-item.ts";
import { fromJoinedItem } from "./items/joined-item.ts";
import type { Key } from "./keys.ts";
import { parseKey } from "./parse-key.ts";
import type { OwnedRecord } from "../shared-store.ts";
import { fromPendingItem } from "./items/pending-item.ts";
import { fromSessionItem } from "./items/session-item.ts";
import { fromOwnedItem } from "./items/shared-item.ts";
import { fromSocketItem } from "./items/socket-item.ts";

type Mutable<T> = { -readonly [Name in keyof T]: T[Name] };

/** Sorts the rows of one session's partition by kind. Rows without their session are what a late write left behind. */
export function toSnapshot(
  items: readonly Item[],
  { handshake }: { readonly handshake: boolean },
): SessionSnapshot | undefined {
  const sockets: SocketRecord[] = [];
  const joined: JoinedRecord[] = [];
  const auths: AuthRecord[] = [];
  const owned: OwnedRecord[] = [];
  const single: Mutable<Partial<Pick<SessionSnapshot, "session" | "pending" | "handshake">>> = {};
  for (const item of items) {
    const { kind } = parseKey(item as unknown as Key);
    if (kind === "session") single.session = fromSessionItem(item);
    else if (kind === "pending") single.pending = fromPendingItem(item);
    else if (kind === "handshake") single.handshake = fromHandshakeItem(item);
    else if (kind === "socket") sockets.push(fromSocketItem(item));
    else if (kind === "joined") addJoined(joined, fromJoinedItem(item));
    else if (kind === "owned") owned.push(fromOwnedItem(item));
    else if (kind === "auth") auths.push(fromAuthItem(item));
  }
  const { session, ...optional } = single;
  if (session === undefined) return undefined;
  return { session, sockets, joined, owned, ...optional, ...(handshake ? { auths } : {}) };
}

/** A room has a row for each shard that the session has a row in: more than one where two instances have put it there. */
function addJoined(joined: JoinedRecord[], row: JoinedRecord): void {
  const last = joined.at(-1);
  if (last?.nsp !== row.nsp || last.room !== row.room) joined.push(row);
  else if ((row.joinedAtMs ?? 0) >= (last.joinedAtMs ?? 0)) joined[joined.length - 1] = row;
}
