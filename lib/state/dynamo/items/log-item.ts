import type { GetCommandInput, QueryCommandInput } from "@aws-sdk/lib-dynamodb";
import type { Offset } from "../../../ids.ts";
import type { LogBound } from "../../recovery-store.ts";
import type { LogPlace, LogRecord } from "../../recovery-store.ts";
import { requireLogSize, requireRoom, requireStart } from "../../row-limits.ts";
import { partitionQuery, type Item } from "../expressions.ts";
import { isHashed, type RoomPart } from "../key-parts.ts";
import { logEndKey, logKey, logPartition, type Key } from "../keys.ts";
import { parseKey } from "../parse-key.ts";

/*
 * The log of a room has two rows a packet: the packet itself, and, once its last post has ended, when that was. The
 * second is a row of its own because a write costs what the whole row weighs, up to 384 units, and this one weighs
 * nothing. It sorts right behind its packet, so one query finds both.
 */

export const toLogItem = (packet: LogRecord, expiresAtSeconds: number): Item & Key => ({
  ...logKey(packet),
  ...toRoomAttribute(packet.room),
  messages: [...requireLogSize(packet).messages],
  except: packet.except.map(requireRoom),
  expiresAt: expiresAtSeconds,
});

export const toLogEndItem = (
  place: LogPlace,
  { doneAtMs, expiresAtSeconds }: { doneAtMs: number; expiresAtSeconds: number },
): Item & Key => ({ ...logEndKey(place), doneAtMs, expiresAt: expiresAtSeconds });

/** The packets of a query's items, each with the end that stands behind it. */
export function fromLogItems(items: readonly Item[]): LogRecord[] {
  const packets = new Map<Offset, LogRecord>();
  for (const item of items) {
    const identity = parseKey(item as unknown as Key) as LogIdentity;
    if (identity.kind === "log") packets.set(identity.offset, fromLogItem(item, identity));
    const packet = packets.get(identity.offset);
    if (identity.kind === "log-end" && packet !== undefined)
      packets.set(identity.offset, { ...packet, doneAtMs: item["doneAtMs"] as number });
  }
  return [...packets.values()];
}

/**
 * All rows of packets from `from` on, the ends of those packets included: they sort behind their packets. Where only a
 * part is wanted, a page is not much longer than that: a page is paid for as a whole.
 */
export const listLogParams = (
  tableName: string,
  {
    nsp,
    room,
    from,
    bound,
    pageLimit = bound && bound.packets * PAGE_FACTOR,
  }: {
    nsp: string;
    room: string | undefined;
    from: Offset;
    bound?: LogBound | undefined;
    pageLimit?: number | undefined;
  },
): QueryCommandInput =>
  partitionQuery(tableName, logPartition(nsp, room), { range: { since: requireStart(from) }, pageLimit });

/** Its key alone: the packet may be large. */
export const getLogParams = (tableName: string, place: LogPlace): GetCommandInput => ({
  TableName: tableName,
  Key: logKey(place),
  ConsistentRead: true,
  ProjectionExpression: "expiresAt",
});

/** Two rows a packet, and as many again for those below what is wanted. */
const PAGE_FACTOR = 4;

interface LogIdentity {
  readonly kind: "log" | "log-end";
  readonly nsp: string;
  readonly room: RoomPart | undefined;
  readonly offset: Offset;
}

const fromLogItem = (item: Item, { nsp, room, offset }: LogIdentity): LogRecord => ({
  nsp,
  room: room && ("name" in room ? room.name : (item["room"] as string)),
  offset,
  messages: item["messages"] as LogRecord["messages"],
  except: item["except"] as string[],
});

const toRoomAttribute = (room: string | undefined): { room?: string } =>
  room !== undefined && isHashed(room) ? { room } : {};
