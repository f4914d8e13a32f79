import type { Sid, SocketId } from "../../ids.ts";
import { anySessionExpiresAtSeconds } from "../expiry.ts";
import type { Member, SocketRecord } from "../records.ts";
import { toJoinedRecord } from "../rooms-in-order.ts";
import type { SocketRooms, Store } from "../store.ts";
import { toAuthItem } from "./items/auth-item.ts";
import type { Write } from "./batch.ts";
import * as childItem from "./items/child-item.ts";
import type { Item } from "./expressions.ts";
import { toJoinedItem } from "./items/joined-item.ts";
import {
  authKey,
  joinedKey,
  NAMESPACE_SHARDS,
  namespaceMemberKey,
  roomMemberKey,
  roomPartition,
  socketKey,
} from "./keys.ts";
import { deleteEntriesOf } from "./dynamo-shared.ts";
import * as memberItem from "./items/member-item.ts";
import { toPidItem } from "./items/pid-item.ts";
import { saveSocketParams, toSocketItem } from "./items/socket-item.ts";
import { listRoomRows } from "./room-members.ts";
import type { RoomShards } from "./room-shards.ts";
import type { Table } from "./table.ts";

export type MemberMethods = Pick<
  Store,
  | "connectSocket"
  | "disconnectSocket"
  | "joinRooms"
  | "leaveRooms"
  | "learnShards"
  | "deleteMemberships"
  | "deleteMemberIfRoute"
  | "saveSocket"
  | "listRoomMembers"
  | "listChildNamespaces"
  | "isChildNamespace"
  | "forgetChild"
  | "listNamespaceMembers"
>;

/**
 * Of the DynamoDB store: sockets, and the rooms and namespaces that they are members of. Rows are ordered within a
 * batch, and batches one after the other, such that a crash between them leaves no membership whose session does not
 * know of it: what a session has `joined` is written before and removed after the membership itself.
 */
export function createDynamoMembers(table: Table, shards: RoomShards): MemberMethods {
  const { name, pageLimit } = table;

  /** Writes memberships, and looks at rooms that many are put into, or whose partition refuses a write for its load. */
  const write = async (
    writes: readonly Write[],
    partitions: readonly string[],
    options: WriteOptions = {},
  ) => {
    const { isJoin, atOnce } = options;
    const looks: Promise<void>[] = [];
    const onRefused = (refused: ReadonlySet<string>) =>
      void looks.push(...partitions.filter((one) => refused.has(one)).map((one) => shards.look(one)));
    const looked = isJoin ? shards.noteWritten(partitions) : undefined;
    await table.write(writes, { ...(atOnce === undefined ? {} : { atOnce }), onRefused });
    await Promise.all([looked, ...looks]);
  };
  /** Where a session is put in each room: its own keeps one partition, whatever happens. */
  const placesFor = async (nsp: string, { sid, socketId }: Member, rooms: readonly string[]) => {
    const places = new Map<string, number>();
    for (const room of rooms) {
      const partition = roomPartition(nsp, room);
      if (room !== socketId && shards.isKnown(partition))
        places.set(room, await shards.placeFor(partition, sid));
    }
    return places;
  };
  const removeFrom = (nsp: string, room: string, sid: Sid, isFromAfar = false): Write[] =>
    shards
      .placesOf(roomPartition(nsp, room), sid, isFromAfar)
      .map((shard) => ({ remove: roomMemberKey(nsp, room, sid, shard) }));
  const forget = (nsp: string, room: string, sid: Sid, isFromAfar = false): Write[] =>
    shards
      .placesOf(roomPartition(nsp, room), sid, isFromAfar)
      .map((shard) => ({ remove: joinedKey(sid, nsp, room, shard) }));
  const removeMember = (sid: Sid, { nsp, socketId, rooms }: Omit<SocketRooms, "owned">): Write[] => [
    ...[...rooms, socketId].flatMap((room) => removeFrom(nsp, room, sid)),
    { remove: namespaceMemberKey(nsp, sid) },
  ];

  return {
    async connectSocket({ sid, socket, auth, member, rooms, joinedAtMs, firstRank }) {
      const { nsp, socketId } = socket;
      const entered = socket.counted ? [] : [...new Set([...rooms, socketId])];
      const places = await placesFor(nsp, member, entered);
      const join = toJoin(nsp, member, entered, places, (room) => joinedAtMs?.get(room), firstRank);
      const writes = [
        { put: toSocketItem(sid, socket) },
        { put: toAuthItem(sid, auth) },
        ...toRecovery(sid, socket),
        ...toChild(socket, anySessionExpiresAtSeconds(table.clock)),
        { put: memberItem.toNamespaceMemberItem(nsp, member) },
        ...join,
      ];
      await write(writes, toPartitions(nsp, entered, socketId), { isJoin: true });
    },

    async disconnectSocket(sid, nsp, socketId, rooms) {
      const writes = [
        ...removeMember(sid, { nsp, socketId, rooms }),
        ...rooms.flatMap((room) => forget(nsp, room, sid)),
        { remove: authKey(sid, nsp) },
        { remove: socketKey(sid, nsp) },
      ];
      await write(writes, toPartitions(nsp, rooms));
    },

    async joinRooms(nsp, member, rooms, joinedAtMs, firstRank) {
      const places = await placesFor(nsp, member, rooms);
      const writes = toJoin(nsp, member, rooms, places, () => joinedAtMs, firstRank);
      await write(writes, toPartitions(nsp, rooms, member.socketId), { isJoin: true });
    },
    async leaveRooms(nsp, sid, rooms, own, isFromAfar) {
      const writes = [
        ...rooms.flatMap((room) => removeFrom(nsp, room, sid, isFromAfar)),
        ...rooms.flatMap((room) =>
          room === own
            ? [{ put: toJoinedItem(sid, { nsp, room, left: true }) }]
            : forget(nsp, room, sid, isFromAfar),
        ),
      ];
      await write(writes, toPartitions(nsp, rooms));
    },
    async learnShards(nsp, rooms) {
      await Promise.all([...new Set(rooms)].map((room) => shards.ask(roomPartition(nsp, room))));
    },

    async deleteMemberships(sid, sockets) {
      const partitions = sockets.flatMap(({ nsp, rooms }) => toPartitions(nsp, rooms));
      await write(
        sockets.flatMap((socket) => removeMember(sid, socket)),
        partitions,
        { atOnce: REMOVALS_AT_ONCE },
      );
      for (const { socketId, owned = [] } of sockets) await deleteEntriesOf(table, { sid, socketId }, owned);
    },

    async deleteMemberIfRoute(nsp, room, sid, route) {
      const row = { nsp, room, sid, route, nowSeconds: table.nowSeconds() };
      const removed = await Promise.all(
        shards
          .placesOfRow(nsp, room, sid)
          .map((shard) => table.remove(memberItem.deleteMemberIfRouteParams(name, { ...row, shard }))),
      );
      return removed.includes(true);
    },

    async saveSocket(sid, nsp, socketId, changes) {
      const save = { sid, nsp, socketId, changes, nowSeconds: table.nowSeconds() };
      for (const params of saveSocketParams(name, save))
        if ((await table.update(params)) === undefined) return false;
      return true;
    },

    async *listRoomMembers(nsp, room, part) {
      yield* toMembers(listRoomRows(table, shards, nsp, room, part));
    },

    async listChildNamespaces(parent) {
      const items = await table.query(childItem.listChildrenParams(name, { parent, pageLimit }));
      return items.map(childItem.fromChildItem).sort();
    },
    async isChildNamespace(parent, nsp) {
      return (await table.get(childItem.getChildParams(name, parent, nsp))) !== undefined;
    },
    async forgetChild(parent, child, idleSinceMs) {
      const expiresAtSeconds = anySessionExpiresAtSeconds({ nowMs: () => idleSinceMs });
      return table.remove(childItem.forgetChildParams(name, { parent, child, expiresAtSeconds }));
    },
    listNamespaceMembers(nsp, part) {
      return Array.from({ length: NAMESPACE_SHARDS }, async function* (_, shard) {
        const params = memberItem.listNamespaceMembersParams(name, { nsp, shard, part, pageLimit });
        yield* toMembers(table.pages(params));
      });
    },
  };
}

/** Batches of a close: in any order, for what is removed is found again by what the session has joined. */
const REMOVALS_AT_ONCE = 8;

const toRecovery = (sid: Sid, { pid, nsp, socketId }: SocketRecord): Write[] =>
  pid === undefined ? [] : [{ put: toPidItem({ pid, nsp, socketId, sid }) }];

const toChild = ({ parent, nsp }: SocketRecord, expiresAtSeconds: number): Write[] =>
  parent === undefined ? [] : [{ put: childItem.toChildItem(parent, nsp, expiresAtSeconds) }];

/** The own room has no `joined` before somebody says when it was joined, which is anew: it goes with its socket. */
const toJoin = (
  nsp: string,
  member: Member,
  rooms: readonly string[],
  places: ReadonlyMap<string, number>,
  joinedAtOf: (room: string) => number | undefined,
  firstRank = 0,
): Write[] => [
  ...rooms
    .filter((room) => room !== member.socketId || joinedAtOf(room) !== undefined)
    .map((room, index) => toJoinedRecord(nsp, room, joinedAtOf(room), firstRank + index))
    .map((record) => ({ put: toJoinedItem(member.sid, record, places.get(record.room)) })),
  ...rooms.map((room) => ({ put: memberItem.toRoomMemberItem(nsp, room, member, places.get(room)) })),
];

interface WriteOptions {
  readonly isJoin?: boolean;
  readonly atOnce?: number;
}

/** The first ones of rooms that may grow large, which a socket's own does not. */
const toPartitions = (nsp: string, rooms: readonly string[], own?: SocketId): string[] =>
  [...new Set(rooms)].filter((room) => room !== own).map((room) => roomPartition(nsp, room));

async function* toMembers(pages: AsyncIterable<readonly Item[]>): AsyncGenerator<Member[]> {
  for await (const page of pages) yield page.map(memberItem.fromMemberItem);
}
