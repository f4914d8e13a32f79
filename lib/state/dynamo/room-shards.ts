import type { Sid } from "../../ids.ts";
import { isLive, roomShardsExpiresAtSeconds, sessionExpiresAtSeconds } from "../expiry.ts";
import type { Item } from "./expressions.ts";
import {
  getRoomShardsParams,
  guessMembers,
  isRoomShardsItem,
  lookParams,
  markShardsParams,
  shardedUntilSeconds,
} from "./items/room-shards-item.ts";
import { roomPartition, roomShardOf, type Key } from "./keys.ts";
import { parseKey } from "./parse-key.ts";
import type { RoomPart } from "./key-parts.ts";
import type { Table } from "./table.ts";

export interface RoomShardsOptions {
  /** A room with more members than this gets shards. Default 1000. */
  readonly outgrownAt?: number | undefined;
  /** How many memberships an instance writes into a room before it looks at how large that is, each time. Default 16. */
  readonly lookEvery?: number | undefined;
}

const FIRST = [0] as const;
/** Rooms that are written to, and sessions, that are remembered at once. What is forgotten costs a look, or a removal, more. */
const MOST_ROOMS = 4_096;
const MOST_SESSIONS = 1_000;

/**
 * Which rooms have outgrown one partition, as far as this instance knows. That a room has shards never changes while
 * anybody is in them, so it may be kept between packets; that it has none is never relied on:
 *
 *     a joiner that knows     marks the room, then puts members into shards → whoever reads the first shard later sees the mark
 *     one that does not       puts members into the first shard             → which everybody reads
 *     a reader                reads the first shard from its beginning: no mark → nobody acknowledged so far is elsewhere
 *     who leaves              removes the rows that the session's own partition names, one for each
 *
 * Learnt from what is read anyway: the beginning of a room, a session's rows. Besides, an instance looks at a room, one
 * query, beside each sixteenth membership that it writes there, and where the table refuses a write for its load.
 */
export class RoomShards {
  readonly #table: Table;
  readonly #outgrownAt: number;
  readonly #lookEvery: number;
  /** Until when each room that has shards is known to have them, in epoch seconds, by its first partition. */
  readonly #known = new Map<string, number>();
  readonly #written = new Map<string, number>();
  readonly #looks = new Map<string, Promise<void>>();
  /** Of sessions loaded last: where their rows are, in rooms that were known to have shards by then. */
  readonly #places = new Map<Sid, Map<string, number[]>>();

  constructor(table: Table, { outgrownAt = 1_000, lookEvery = 16 }: RoomShardsOptions = {}) {
    this.#table = table;
    this.#outgrownAt = outgrownAt;
    this.#lookEvery = lookEvery;
  }

  isKnown(partition: string): boolean {
    return isLive(this.#known.get(partition) ?? 0, this.#table.clock);
  }

  /** Takes the mark out of rows of a first partition, if it is among them. */
  withoutMark(partition: string, items: readonly Item[]): Item[] {
    for (const item of items) if (isRoomShardsItem(item)) this.learn(partition, shardedUntilSeconds(item));
    return items.filter((item) => !isRoomShardsItem(item));
  }

  learn(partition: string, untilSeconds: number): void {
    // Of rooms that have shards none may be forgotten; there are never many.
    if (this.#known.size >= MOST_ROOMS)
      for (const known of [...this.#known.keys()]) if (!this.isKnown(known)) this.#known.delete(known);
    this.#known.set(partition, Math.max(untilSeconds, this.#known.get(partition) ?? 0));
  }

  /** Asks for the mark, unless the room is known to have shards. One read. */
  async ask(partition: string): Promise<boolean> {
    if (this.isKnown(partition)) return true;
    const item = await this.#table.get(getRoomShardsParams(this.#table.name, partition));
    if (item !== undefined) this.learn(partition, shardedUntilSeconds(item));
    return item !== undefined;
  }

  /**
   * Where a session is put in a room. Not before the room is marked for as long as its row may live; where that fails,
   * in the first shard, which is never wrong.
   */
  async placeFor(partition: string, sid: Sid): Promise<number> {
    if (!this.isKnown(partition)) return 0;
    const expiresAt = sessionExpiresAtSeconds(sid);
    if ((this.#known.get(partition) ?? 0) < expiresAt) {
      try {
        await this.#mark(partition, expiresAt);
      } catch {
        return 0;
      }
    }
    const place = roomShardOf(sid);
    const places = this.#places.get(sid)?.get(partition);
    if (places !== undefined && !places.includes(place)) places.push(place);
    return place;
  }

  /**
   * Where rows of a session in a room may be: as its own partition told when it was loaded last, by the turn that takes it
   * out. From afar, where nobody has loaded it for that, wherever they can be.
   */
  placesOf(partition: string, sid: Sid, isFromAfar = false): readonly number[] {
    if (!this.isKnown(partition)) return FIRST;
    const places = isFromAfar ? undefined : this.#places.get(sid)?.get(partition);
    return places ?? [0, roomShardOf(sid)];
  }

  /** Where one row may be, of a room or of a namespace, whoever wrote it. */
  placesOfRow(nsp: string, room: string | undefined, sid: Sid): readonly number[] {
    return room === undefined ? FIRST : this.placesOf(roomPartition(nsp, room), sid, true);
  }

  /** What the rows of a session's own partition tell. */
  noteSession(sid: Sid, items: readonly Item[]): void {
    // As a rule there is nothing to tell, and this is asked with each packet.
    if (this.#known.size === 0 && !items.some(mayBeSharded)) return;
    const joined = items.flatMap((item) => {
      const identity = parseKey(item as unknown as Key);
      if (identity.kind !== "joined" || item["left"] === true) return [];
      const partition = roomPartition(identity.nsp, toRoom(identity.room, item));
      return [{ partition, shard: identity.shard }];
    });
    for (const { partition, shard } of joined)
      if (shard !== 0) this.learn(partition, sessionExpiresAtSeconds(sid));
    const places = new Map<string, number[]>();
    for (const { partition, shard } of joined)
      if (this.isKnown(partition)) places.set(partition, [...(places.get(partition) ?? []), shard]);
    this.#places.delete(sid);
    if (places.size === 0) return;
    forgetOldest(this.#places, MOST_SESSIONS);
    this.#places.set(sid, places);
  }

  /** Notes that memberships are being written into first partitions. Resolves when what is looked at has been. */
  async noteWritten(partitions: readonly string[]): Promise<void> {
    const due = partitions.filter((partition) => {
      const written = (this.#written.get(partition) ?? 0) + 1;
      this.#written.delete(partition);
      forgetOldest(this.#written, MOST_ROOMS);
      this.#written.set(partition, written % this.#lookEvery);
      return written >= this.#lookEvery;
    });
    await Promise.all(due.map((partition) => this.look(partition)));
  }

  /** Looks at a room, and marks one that has outgrown its partition. A hint: where it fails, nothing changes. */
  look(partition: string): Promise<void> {
    if (this.isKnown(partition)) return Promise.resolve();
    const looking = this.#looks.get(partition) ?? this.#look(partition);
    this.#looks.set(partition, looking);
    return looking;
  }

  async #look(partition: string): Promise<void> {
    try {
      const { items, lastKey } = await this.#table.page(lookParams(this.#table.name, partition));
      const members = this.withoutMark(partition, items);
      if (this.isKnown(partition)) return;
      if (guessMembers(members, lastKey === undefined) > this.#outgrownAt) await this.#mark(partition);
    } catch {
      // The next look may come through.
    } finally {
      this.#looks.delete(partition);
    }
  }

  async #mark(partition: string, atLeastUntil = 0): Promise<void> {
    const untilSeconds = Math.max(atLeastUntil, roomShardsExpiresAtSeconds(this.#table.clock));
    // Refused where another instance has marked it for as long.
    await this.#table.update(markShardsParams(this.#table.name, partition, untilSeconds));
    this.learn(partition, untilSeconds);
  }
}

const mayBeSharded = ({ sk }: Item): boolean => typeof sk === "string" && sk.at(-2) === "#";

const toRoom = (room: RoomPart, item: Item): string =>
  "name" in room ? room.name : (item["room"] as string);

function forgetOldest(map: Map<unknown, unknown>, most: number): void {
  if (map.size < most) return;
  const [oldest] = map.keys();
  map.delete(oldest);
}
