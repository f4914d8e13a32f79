import type { QueryCommandInput } from "@aws-sdk/lib-dynamodb";
import type { SocketId } from "../../../ids.ts";
import type { RoomNote, RoomTurn } from "../../room-store.ts";
import { partitionQuery, type Item } from "../expressions.ts";
import { roomNoteKey, roomNotePartition, type Key } from "../keys.ts";

/** A change of a room that a letter has made. `place` sorts it behind those that it has made before. */
export const toRoomNoteItem = (
  letterId: string,
  place: string,
  { nsp, parent, room, socketId, change }: RoomNote,
  expiresAtSeconds: number,
): Item & Key => ({
  ...roomNoteKey(letterId, place),
  nsp,
  ...(parent === undefined ? {} : { parent }),
  room,
  socketId,
  change,
  expiresAt: expiresAtSeconds,
});

export const fromRoomNoteItem = (item: Item): RoomNote => ({
  nsp: item["nsp"] as string,
  ...(item["parent"] === undefined ? {} : { parent: item["parent"] as string }),
  room: item["room"] as string,
  socketId: item["socketId"] as SocketId,
  change: item["change"] as RoomTurn,
});

export const listRoomNotesParams = (
  tableName: string,
  letterId: string,
  pageLimit: number | undefined,
): QueryCommandInput => partitionQuery(tableName, roomNotePartition(letterId), { pageLimit });
