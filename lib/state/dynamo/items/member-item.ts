import type { DeleteCommandInput, QueryCommandInput, UpdateCommandInput } from "@aws-sdk/lib-dynamodb";
import { toConnectionId, toSid, type EngineProtocol, type Sid, type SocketId } from "../../../ids.ts";
import { sessionExpiresAtSeconds } from "../../expiry.ts";
import type { Member, Route } from "../../records.ts";
import type { MemberPart } from "../../store.ts";
import { IS_LIVE, partitionQuery, type Item, type QueryOptions } from "../expressions.ts";
import { isHashed } from "../key-parts.ts";
import { namespaceMemberKey, namespacePartition, roomMemberKey, roomPartition, type Key } from "../keys.ts";

/** A socket in a room. Read once a recipient and broadcast: small, and enough to send with. */
export const toRoomMemberItem = (nsp: string, room: string, member: Member, shard = 0): Item & Key => ({
  ...roomMemberKey(nsp, room, member.sid, shard),
  ...(isHashed(room) ? { room } : {}),
  ...toAttributes(member),
});

/** A socket in its namespace: everyone. */
export const toNamespaceMemberItem = (nsp: string, member: Member): Item & Key => ({
  ...namespaceMemberKey(nsp, member.sid),
  ...toAttributes(member),
});

export const fromMemberItem = (item: Item): Member => ({
  sid: item["sk"] as Sid,
  socketId: item["socketId"] as SocketId,
  route: fromRouteText(item["route"] as string),
  protocol: item["protocol"] as EngineProtocol,
  ...(item["counted"] === true ? { counted: true } : {}),
});

export const listRoomMembersParams = (
  tableName: string,
  { nsp, room, shard = 0, ...query }: { nsp: string; room: string; shard?: number } & MemberQuery,
): QueryCommandInput => partitionQuery(tableName, roomPartition(nsp, room, shard), toOptions(query));

export const listNamespaceMembersParams = (
  tableName: string,
  { nsp, shard, ...query }: { nsp: string; shard: number } & MemberQuery,
): QueryCommandInput => partitionQuery(tableName, namespacePartition(nsp, shard), toOptions(query));

interface MemberQuery {
  readonly pageLimit?: number | undefined;
  readonly part?: MemberPart | undefined;
}

function toOptions({ pageLimit, part }: MemberQuery): QueryOptions {
  if (part === undefined) return { pageLimit };
  const { range, pageSize = Infinity } = part;
  const limit = Math.min(pageLimit ?? Infinity, pageSize);
  return {
    range: { from: range.from, to: range.upTo },
    pageLimit: Number.isFinite(limit) ? limit : undefined,
  };
}

interface MemberRow {
  readonly nsp: string;
  /** Undefined for the row of its namespace. */
  readonly room: string | undefined;
  readonly sid: Sid;
  /** Which of the room's. Default the first. */
  readonly shard?: number;
}

/**
 * The route is part of the condition because the failure may be old news:
 *
 *     we:    read member, route A ──► post to A: 410 ─────────────────────► delete IF route = A: refused
 *     they:                           upgrade, the row now has route B ──►
 */
export function deleteMemberIfRouteParams(
  tableName: string,
  row: MemberRow & { route: Route; nowSeconds: number },
): DeleteCommandInput {
  return {
    TableName: tableName,
    Key: toMemberKey(row),
    ConditionExpression: `${IS_LIVE} AND route = :route`,
    ExpressionAttributeValues: { ":route": toRouteText(row.route), ":now": row.nowSeconds },
  };
}

/** A row that has the new route passes as well: by then, this may be the repetition of a request that was done. */
export function repairRouteParams(
  tableName: string,
  row: MemberRow & { from: Route; to: Route; nowSeconds: number },
): UpdateCommandInput {
  return {
    TableName: tableName,
    Key: toMemberKey(row),
    UpdateExpression: "SET route = :to",
    ConditionExpression: `${IS_LIVE} AND route IN (:from, :to)`,
    ExpressionAttributeValues: {
      ":from": toRouteText(row.from),
      ":to": toRouteText(row.to),
      ":now": row.nowSeconds,
    },
  };
}

/** One attribute for one comparison: `c:` and the connection, `h:` and the hold, or `o`, the outbox. */
export function toRouteText(route: Route): string {
  if (route.kind === "connection") return `c:${route.connectionId}`;
  return route.kind === "held" ? `h:${route.hold}` : "o";
}

export function fromRouteText(text: string): Route {
  if (text === "o") return { kind: "out" };
  return text.startsWith("h:")
    ? { kind: "held", hold: toSid(text.slice(2)) }
    : { kind: "connection", connectionId: toConnectionId(text.slice(2)) };
}

const toMemberKey = ({ nsp, room, sid, shard }: MemberRow): Key =>
  room === undefined ? namespaceMemberKey(nsp, sid) : roomMemberKey(nsp, room, sid, shard);

const toAttributes = ({ sid, socketId, route, protocol, counted }: Member) => ({
  socketId,
  route: toRouteText(route),
  protocol,
  ...(counted ? { counted } : {}),
  expiresAt: sessionExpiresAtSeconds(sid),
});
