import type { Sid } from "../../../ids.ts";
import { sessionExpiresAtSeconds } from "../../expiry.ts";
import type { JoinedRecord } from "../../records.ts";
import { toJoinedRecord } from "../../rooms-in-order.ts";
import type { Item } from "../expressions.ts";
import { isHashed, type RoomPart } from "../key-parts.ts";
import { joinedKey, type Key } from "../keys.ts";
import { parseKey } from "../parse-key.ts";

/** A room in its member's own partition: what a close has to remove. */
export const toJoinedItem = (
  sid: Sid,
  { nsp, room, joinedAtMs, rank, left }: JoinedRecord,
  shard = 0,
): Item & Key => ({
  ...joinedKey(sid, nsp, room, shard),
  ...(isHashed(room) ? { room } : {}),
  ...(joinedAtMs === undefined ? {} : { joinedAtMs }),
  ...(rank === undefined ? {} : { rank }),
  ...(left ? { left } : {}),
  expiresAt: sessionExpiresAtSeconds(sid),
});

export function fromJoinedItem(item: Item): JoinedRecord {
  const { nsp, room } = parseKey(item as unknown as Key) as { nsp: string; room: RoomPart };
  const joinedAtMs = item["joinedAtMs"] as number | undefined;
  const rank = item["rank"] as number | undefined;
  const name = "name" in room ? room.name : (item["room"] as string);
  if (item["left"] === true) return { nsp, room: name, left: true };
  return toJoinedRecord(nsp, name, joinedAtMs, rank ?? 0);
}
