import type { MemberPart } from "../store.ts";
import type { Item } from "./expressions.ts";
import { listRoomMembersParams } from "./items/member-item.ts";
import { ROOM_SHARDS, ROOM_SHARDS_SORT_KEY, roomPartition } from "./keys.ts";
import type { RoomShards } from "./room-shards.ts";
import type { Table } from "./table.ts";

/** Members of a room with shards that come at once: about as many as a page of a room that has one. */
const MEMBERS_A_PAGE = 6_000;

/**
 * The rows of a room in ascending order of session, a page at a time. Where the room has other shards, its first page says
 * so, and they are read beside it; a part that does not begin where the room does has to ask.
 */
export async function* listRoomRows(
  table: Table,
  shards: RoomShards,
  nsp: string,
  room: string,
  part?: MemberPart,
): AsyncGenerator<Item[]> {
  const partition = roomPartition(nsp, room);
  const first = listRoomMembersParams(table.name, { nsp, room, part, pageLimit: table.pageLimit });
  const seesMark = part === undefined || part.range.from <= ROOM_SHARDS_SORT_KEY;
  if (!seesMark) await shards.ask(partition);
  if (shards.isKnown(partition)) {
    yield* listSharded(table, shards, nsp, room, part);
    return;
  }
  const { items, lastKey } = await table.page(first);
  const rows = shards.withoutMark(partition, items);
  const rest = lastKey && { ...first, ExclusiveStartKey: lastKey };
  if (shards.isKnown(partition)) {
    yield* listSharded(table, shards, nsp, room, part, concat(rows, rest && table.pages(rest)));
    return;
  }
  if (rows.length > 0) yield rows;
  if (rest) yield* table.pages(rest);
}

async function* listSharded(
  table: Table,
  shards: RoomShards,
  nsp: string,
  room: string,
  part: MemberPart | undefined,
  begun?: AsyncIterable<Item[]>,
): AsyncGenerator<Item[]> {
  const pageSize = Math.min(MEMBERS_A_PAGE, table.pageLimit ?? Infinity, part?.pageSize ?? Infinity);
  const pageLimit = Math.ceil(pageSize / (ROOM_SHARDS + 1));
  const shardPart = part && { ...part, pageSize: Math.min(pageLimit, part.pageSize ?? Infinity) };
  const list = (shard: number) =>
    table.pages(listRoomMembersParams(table.name, { nsp, room, shard, part: shardPart, pageLimit }));
  const others = Array.from({ length: ROOM_SHARDS }, (_, index) => list(index + 1));
  const partition = roomPartition(nsp, room);
  const streams = [begun ?? unmarked(shards, partition, list(0)), ...others];
  let page: Item[] = [];
  for await (const rows of merge(streams)) {
    page.push(...rows);
    while (page.length >= pageSize) {
      yield page.slice(0, pageSize);
      page = page.slice(pageSize);
    }
  }
  if (page.length > 0) yield page;
}

async function* concat(rows: Item[], rest: AsyncIterable<Item[]> | undefined): AsyncGenerator<Item[]> {
  if (rows.length > 0) yield rows;
  if (rest !== undefined) yield* rest;
}

async function* unmarked(
  shards: RoomShards,
  partition: string,
  pages: AsyncIterable<Item[]>,
): AsyncGenerator<Item[]> {
  for await (const page of pages) {
    const rows = shards.withoutMark(partition, page);
    if (rows.length > 0) yield rows;
  }
}

/**
 * Streams in ascending order as one: what all of them have come to. A session that two instances have put into a room at
 * once may have a row in two shards; it is told once.
 */
async function* merge(streams: readonly AsyncIterable<Item[]>[]): AsyncGenerator<Item[]> {
  let open = streams.map((stream) => ({ pages: stream[Symbol.asyncIterator](), rows: [] as Item[] }));
  for (;;) {
    const heads = await Promise.all(
      open.map(async (head) => {
        if (head.rows.length > 0) return head;
        const next = await head.pages.next();
        return next.done ? undefined : { ...head, rows: next.value };
      }),
    );
    const filled = heads.filter((head) => head !== undefined);
    const ends = filled.map(({ rows }) => toSid(rows.at(-1))).toSorted();
    const [bound] = ends;
    if (bound === undefined) return;
    const isDue = (row: Item) => toSid(row) <= bound;
    const due = filled.flatMap(({ rows }) => rows.filter(isDue));
    open = filled.map(({ pages, rows }) => ({ pages, rows: rows.filter((row) => !isDue(row)) }));
    yield [...new Map(due.map((row) => [toSid(row), row])).values()].sort((a, b) =>
      toSid(a) < toSid(b) ? -1 : 1,
    );
  }
}

const toSid = (row: Item | undefined): string => String(row?.["sk"]);
