import type { Sid } from "../../../ids.ts";
import { sessionExpiresAtSeconds } from "../../expiry.ts";
import type { JoinedRecord } from "../../records.ts";
import type { Item } from "../expressions.ts";
import { isHashed, type RoomPart } from "../key-parts.ts";
import { joinedKey, parseKey, type Key } from "../keys.ts";

/** A room in its member's own partition: what a close has to remove. */
export const toJoinedItem = (sid: Sid, { nsp, room, joinedAtMs }: JoinedRecord): Item & Key => ({
  ...joinedKey(sid, nsp, room),
  ...(isHashed(room) ? { room } : {}),
  ...(joinedAtMs === undefined ? {} : { joinedAtMs }),
  expiresAt: sessionExpiresAtSeconds(sid),
});

export function fromJoinedItem(item: Item): JoinedRecord {
  const { nsp, room } = parseKey(item as unknown as Key) as { nsp: string; room: RoomPart };
  const joinedAtMs = item["joinedAtMs"] as number | undefined;
  return {
    nsp,
    room: "name" in room ? room.name : (item["room"] as string),
    ...(joinedAtMs === undefined ? {} : { joinedAtMs }),
  };
}
