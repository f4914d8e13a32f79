import { anySessionExpiresAtSeconds } from "../expiry.ts";
import { enterByCount, exitByCount, type CountForm, type CountSteps } from "../room-count.ts";
import type { RoomEntry, RoomExit, RoomStore, RoomTurn } from "../room-store.ts";
import * as roomItem from "./items/room-item.ts";
import { fromRoomNoteItem, listRoomNotesParams, toRoomNoteItem } from "./items/room-note-item.ts";
import { shardedUntilSeconds } from "./items/room-shards-item.ts";
import { NAMESPACE_SHARDS, roomPartition } from "./keys.ts";
import { listRoomRows } from "./room-members.ts";
import type { RoomShards } from "./room-shards.ts";
import type { Table } from "./table.ts";
import type { TransactWrite } from "./transact.ts";

/** What each form of the number says of the room. */
const turnOf: Readonly<Record<CountForm, RoomTurn>> = {
  create: "created",
  grow: "joined",
  shrink: "left",
  empty: "deleted",
};

/** Of the DynamoDB store: rooms that are counted. */
export function createDynamoRooms(table: Table, shards: RoomShards): RoomStore {
  const { name, pageLimit } = table;
  let notes = 0;

  const guessOf = async ({ nsp, room }: RoomEntry | RoomExit): Promise<number> => {
    const item = await table.get(roomItem.getRoomCountParams(name, nsp, room));
    return item === undefined ? 0 : (item["members"] as number);
  };

  const writeWith =
    (
      change: RoomEntry | RoomExit,
      socketId: RoomExit["socketId"],
      ofMember: (nowSeconds: number) => readonly TransactWrite[],
    ): CountSteps["write"] =>
    async (form) => {
      const times = {
        nowSeconds: table.nowSeconds(),
        expiresAtSeconds: anySessionExpiresAtSeconds(table.clock),
      };
      const { nsp, parent, room, letterId } = change;
      const note = {
        nsp,
        ...(parent === undefined ? {} : { parent }),
        room,
        socketId,
        change: turnOf[form],
      };
      const place = `${String(table.clock.nowMs()).padStart(15, "0")}#${String(notes++).padStart(9, "0")}`;
      const noted =
        letterId === undefined ? [] : [toRoomNoteItem(letterId, place, note, times.expiresAtSeconds)];
      const held = await table.transact([
        roomItem.countWrite(name, change, form, times),
        ...ofMember(times.nowSeconds),
        ...noted.map((Item) => ({ Put: { TableName: name, Item } })),
      ]);
      if (held === undefined) return "done";
      // The second is the membership, whose condition goes before.
      return held[1] === false ? "unchanged" : "refused";
    };

  return {
    enterRoom(entry) {
      const { room, member } = entry;
      return enterByCount({
        // Nobody else is in a socket's own room, as a rule.
        guess: room === member.socketId ? async () => 0 : () => guessOf(entry),
        write: writeWith(entry, member.socketId, (now) => roomItem.enterRoomWrites(name, entry, now)),
      });
    },

    exitRoom(exit) {
      const { room, socketId } = exit;
      return exitByCount({
        guess: room === socketId ? async () => 1 : () => guessOf(exit),
        write: writeWith(exit, socketId, (now) => roomItem.exitRoomWrites(name, exit, now)),
      });
    },

    async listRoomNotes(letterId) {
      const items = await table.query(listRoomNotesParams(name, letterId, pageLimit));
      return items.map(fromRoomNoteItem);
    },

    async countMembers(nsp, room) {
      const options = { pageLimit, nowSeconds: table.nowSeconds() };
      const countAt = (place: { room: string } | { shard: number }) =>
        table.count(roomItem.countMembersParams(name, { nsp, in: place }, options));
      if (room === undefined) {
        const counts = await Promise.all(
          Array.from({ length: NAMESPACE_SHARDS }, (_, shard) => countAt({ shard })),
        );
        return counts.reduce((sum, { count }) => sum + count, 0);
      }
      const partition = roomPartition(nsp, room);
      if (!shards.isKnown(partition)) {
        const { count, found } = await countAt({ room });
        for (const mark of found) shards.learn(partition, shardedUntilSeconds(mark));
        if (found.length === 0) return count;
      }
      // Who has a row in two shards is counted once.
      let count = 0;
      for await (const page of listRoomRows(table, shards, nsp, room)) count += page.length;
      return count;
    },
  };
}
