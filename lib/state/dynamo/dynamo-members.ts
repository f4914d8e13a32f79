import type { Sid } from "../../ids.ts";
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
  socketKey,
} from "./keys.ts";
import { deleteEntriesOf } from "./dynamo-shared.ts";
import * as memberItem from "./items/member-item.ts";
import { toPidItem } from "./items/pid-item.ts";
import { saveSocketParams, toSocketItem } from "./items/socket-item.ts";
import type { Table } from "./table.ts";

export type MemberMethods = Pick<
  Store,
  | "connectSocket"
  | "disconnectSocket"
  | "joinRooms"
  | "leaveRooms"
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
export function createDynamoMembers(table: Table): MemberMethods {
  const { name, pageLimit } = table;
  return {
    async connectSocket({ sid, socket, auth, member, rooms, joinedAtMs, firstRank }) {
      await table.write([
        { put: toSocketItem(sid, socket) },
        { put: toAuthItem(sid, auth) },
        ...toRecovery(sid, socket),
        ...toChild(socket, anySessionExpiresAtSeconds(table.clock)),
        { put: memberItem.toNamespaceMemberItem(socket.nsp, member) },
        ...toJoin(
          socket.nsp,
          member,
          socket.counted ? [] : [...new Set([...rooms, socket.socketId])],
          (room) => joinedAtMs?.get(room),
          firstRank,
        ),
      ]);
    },

    async disconnectSocket(sid, nsp, socketId, rooms) {
      await table.write([
        ...toRemoveMember(sid, { nsp, socketId, rooms }),
        ...rooms.map((room) => ({ remove: joinedKey(sid, nsp, room) })),
        { remove: authKey(sid, nsp) },
        { remove: socketKey(sid, nsp) },
      ]);
    },

    async joinRooms(nsp, member, rooms, joinedAtMs, firstRank) {
      await table.write(toJoin(nsp, member, rooms, () => joinedAtMs, firstRank));
    },
    async leaveRooms(nsp, sid, rooms, own) {
      await table.write([
        ...rooms.map((room) => ({ remove: roomMemberKey(nsp, room, sid) })),
        ...rooms.map((room) =>
          room === own
            ? { put: toJoinedItem(sid, { nsp, room, left: true }) }
            : { remove: joinedKey(sid, nsp, room) },
        ),
      ]);
    },

    async deleteMemberships(sid, sockets) {
      await table.write(
        sockets.flatMap((socket) => toRemoveMember(sid, socket)),
        REMOVALS_AT_ONCE,
      );
      for (const { socketId, owned = [] } of sockets) await deleteEntriesOf(table, { sid, socketId }, owned);
    },

    async deleteMemberIfRoute(nsp, room, sid, route) {
      const row = { nsp, room, sid, route, nowSeconds: table.nowSeconds() };
      return table.remove(memberItem.deleteMemberIfRouteParams(name, row));
    },

    async saveSocket(sid, nsp, socketId, changes) {
      const save = { sid, nsp, socketId, changes, nowSeconds: table.nowSeconds() };
      for (const params of saveSocketParams(name, save))
        if ((await table.update(params)) === undefined) return false;
      return true;
    },

    async *listRoomMembers(nsp, room, part) {
      yield* toMembers(table.pages(memberItem.listRoomMembersParams(name, { nsp, room, part, pageLimit })));
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
  joinedAtOf: (room: string) => number | undefined,
  firstRank = 0,
): Write[] => [
  ...rooms
    .filter((room) => room !== member.socketId || joinedAtOf(room) !== undefined)
    .map((room, index) => toJoinedRecord(nsp, room, joinedAtOf(room), firstRank + index))
    .map((record) => ({ put: toJoinedItem(member.sid, record) })),
  ...rooms.map((room) => ({ put: memberItem.toRoomMemberItem(nsp, room, member) })),
];

const toRemoveMember = (sid: Sid, { nsp, socketId, rooms }: Omit<SocketRooms, "owned">): Write[] => [
  ...[...rooms, socketId].map((room) => ({ remove: roomMemberKey(nsp, room, sid) })),
  { remove: namespaceMemberKey(nsp, sid) },
];

async function* toMembers(pages: AsyncIterable<readonly Item[]>): AsyncGenerator<Member[]> {
  for await (const page of pages) yield page.map(memberItem.fromMemberItem);
}
