import type { GetCommandInput, QueryCommandInput } from "@aws-sdk/lib-dynamodb";
import type { RoomEntry, RoomExit } from "../../room-store.ts";
import type { CountForm } from "../../room-count.ts";
import { toJoinedRecord } from "../../rooms-in-order.ts";
import { IS_LIVE, partitionQuery } from "../expressions.ts";
import { joinedKey, namespacePartition, roomCountKey, roomMemberKey, roomPartition } from "../keys.ts";
import type { TransactWrite } from "../transact.ts";
import { toJoinedItem } from "./joined-item.ts";
import { toRoomMemberItem } from "./member-item.ts";

interface Times {
  readonly nowSeconds: number;
  /** By when everybody who is in the room now has expired. */
  readonly expiresAtSeconds: number;
}

const UNLESS_LIVE = "(attribute_not_exists(pk) OR expiresAt <= :now)";

/** A membership that is new, and the room's in the rows of its session, where the own room has none at first. */
export function enterRoomWrites(tableName: string, entry: RoomEntry, nowSeconds: number): TransactWrite[] {
  const { nsp, member, room, joinedAtMs, rank = 0 } = entry;
  const put: TransactWrite = {
    Put: {
      TableName: tableName,
      Item: toRoomMemberItem(nsp, room, member),
      ConditionExpression: UNLESS_LIVE,
      ExpressionAttributeValues: { ":now": nowSeconds },
    },
  };
  if (room === member.socketId && joinedAtMs === undefined) return [put];
  const joined = toJoinedItem(member.sid, toJoinedRecord(nsp, room, joinedAtMs, rank));
  return [put, { Put: { TableName: tableName, Item: joined } }];
}

export function exitRoomWrites(tableName: string, exit: RoomExit, nowSeconds: number): TransactWrite[] {
  const { nsp, sid, room, byClose, isOwnLeft } = exit;
  const remove: TransactWrite = {
    Delete: {
      TableName: tableName,
      Key: roomMemberKey(nsp, room, sid),
      ConditionExpression: IS_LIVE,
      ExpressionAttributeValues: { ":now": nowSeconds },
    },
  };
  if (byClose) return [remove];
  if (isOwnLeft)
    return [remove, { Put: { TableName: tableName, Item: toJoinedItem(sid, { nsp, room, left: true }) } }];
  return [remove, { Delete: { TableName: tableName, Key: joinedKey(sid, nsp, room) } }];
}

/** A row that has expired is of members who have, too. */
export function countWrite(
  tableName: string,
  { nsp, room }: { readonly nsp: string; readonly room: string },
  form: CountForm,
  { nowSeconds, expiresAtSeconds }: Times,
): TransactWrite {
  const place = { TableName: tableName, Key: roomCountKey(nsp, room) };
  const now = { ":now": nowSeconds };
  switch (form) {
    case "create":
      return {
        Put: {
          TableName: tableName,
          Item: { ...place.Key, members: 1, expiresAt: expiresAtSeconds },
          ConditionExpression: UNLESS_LIVE,
          ExpressionAttributeValues: now,
        },
      };
    case "grow":
      return {
        Update: {
          ...place,
          UpdateExpression: "SET expiresAt = :expiresAt ADD members :one",
          ConditionExpression: IS_LIVE,
          ExpressionAttributeValues: { ...now, ":expiresAt": expiresAtSeconds, ":one": 1 },
        },
      };
    case "shrink":
      return {
        Update: {
          ...place,
          UpdateExpression: "ADD members :less",
          ConditionExpression: `${IS_LIVE} AND members > :one`,
          ExpressionAttributeValues: { ...now, ":less": -1, ":one": 1 },
        },
      };
    case "empty":
      return {
        Delete: {
          ...place,
          ConditionExpression: `${UNLESS_LIVE} OR members <= :one`,
          ExpressionAttributeValues: { ...now, ":one": 1 },
        },
      };
    default:
      return form satisfies never;
  }
}

export const getRoomCountParams = (tableName: string, nsp: string, room: string): GetCommandInput => ({
  TableName: tableName,
  Key: roomCountKey(nsp, room),
  ConsistentRead: true,
});

/** No member is sent, of a room only the mark that it has shards; those that have expired are not counted. */
export function countMembersParams(
  tableName: string,
  { nsp, in: place }: { readonly nsp: string; readonly in: { room: string } | { shard: number } },
  { pageLimit, nowSeconds }: { readonly pageLimit: number | undefined; readonly nowSeconds: number },
): QueryCommandInput {
  const pk = "room" in place ? roomPartition(nsp, place.room) : namespacePartition(nsp, place.shard);
  const params = partitionQuery(tableName, pk, { pageLimit });
  return {
    ...params,
    ...("room" in place ? { ProjectionExpression: "shardedUntil" } : { Select: "COUNT" }),
    FilterExpression: IS_LIVE,
    ExpressionAttributeValues: { ...params.ExpressionAttributeValues, ":now": nowSeconds },
  };
}
