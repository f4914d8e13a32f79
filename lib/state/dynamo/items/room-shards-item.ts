import type { GetCommandInput, QueryCommandInput, UpdateCommandInput } from "@aws-sdk/lib-dynamodb";
import { partitionQuery, type Item } from "../expressions.ts";
import { ROOM_SHARDS_SORT_KEY, type Key } from "../keys.ts";

/*
 * The row that says that a room has other shards. It is written before anybody is put into one of them, and expires
 * behind everybody who is: whoever finds none, and asked consistently, misses nobody by reading the first shard alone.
 */

const toKey = (partition: string): Key => ({ pk: partition, sk: ROOM_SHARDS_SORT_KEY });

export const isRoomShardsItem = (item: Item): boolean => item["sk"] === ROOM_SHARDS_SORT_KEY;

/** In epoch seconds; an attribute of its own, so that whoever counts rows can ask for it. */
export const shardedUntilSeconds = (item: Item): number => item["shardedUntil"] as number;

export const getRoomShardsParams = (tableName: string, partition: string): GetCommandInput => ({
  TableName: tableName,
  Key: toKey(partition),
  ConsistentRead: true,
});

/** Never brings the end forward: another instance may rely on the later one. */
export const markShardsParams = (
  tableName: string,
  partition: string,
  expiresAtSeconds: number,
): UpdateCommandInput => ({
  TableName: tableName,
  Key: toKey(partition),
  UpdateExpression: "SET shardedUntil = :until, expiresAt = :until",
  ConditionExpression: "attribute_not_exists(expiresAt) OR expiresAt < :until",
  ExpressionAttributeValues: { ":until": expiresAtSeconds },
});

/** Rows from which the size of a room is guessed. */
const SAMPLE = 33;

/** The beginning of a room: whether it has shards, and how far apart its first members are. */
export const lookParams = (tableName: string, partition: string): QueryCommandInput =>
  partitionQuery(tableName, partition, { pageLimit: SAMPLE });

/**
 * How many members a partition has, by its first ones: exactly where these are all, else by how much of all ids they take
 * up, which are evenly spread. Of 33, the guess is off by a sixth as a rule.
 */
export function guessMembers(first: readonly Item[], isAll: boolean): number {
  if (isAll || first.length === 0) return first.length;
  return first.length / placeOf(String(first.at(-1)?.["sk"]));
}

/** The characters of an id in the order of their bytes. */
const ORDER = "-0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz";

/** Where an id is among all of them: above 0, up to 1. */
const placeOf = (sid: string): number =>
  [...sid.slice(0, 4)].reduce((place, char, index) => place + ORDER.indexOf(char) / 64 ** (index + 1), 0) +
  1 / 64 ** 4;
