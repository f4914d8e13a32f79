import { toConnectionId, toSocketId } from "../../lib/ids.ts";
import { createMemoryStore } from "../../lib/state/memory-store.ts";
import type { Member } from "../../lib/state/records.ts";
import type { MemberPart, Store } from "../../lib/state/store.ts";
import { assumed } from "./assumed.ts";
import type { Usage } from "./platform.ts";
import { drawMs, seededSid } from "./seeded.ts";
import type { VirtualTime } from "./virtual-time.ts";

export function createMembers(random: () => number, count: number, openedAtMs: number): Member[] {
  const members = Array.from({ length: count }, (_, index): Member => {
    const route = { kind: "connection", connectionId: toConnectionId(`c${index}`) } as const;
    return { sid: seededSid(random, openedAtMs), socketId: toSocketId(`s${index}`), route, protocol: 4 };
  });
  return members.sort((a, b) => (a.sid < b.sid ? -1 : 1));
}

/** The partition of a room: read units that it gives in a second, and who waits for the next one. */
class Partition {
  readonly #time: VirtualTime;
  #second = 0;
  #used = 0;
  /** In a second, at most. */
  hottest = 0;
  throttled = 0;

  constructor(time: VirtualTime) {
    this.#time = time;
  }

  async take(units: number, limit: number): Promise<void> {
    for (;;) {
      const second = Math.floor(this.#time.nowMs() / 1_000);
      if (second !== this.#second) [this.#second, this.#used] = [second, 0];
      if (this.#used + units <= limit) break;
      this.throttled += 1;
      await this.#time.sleep(50);
    }
    this.#used += units;
    this.hottest = Math.max(this.hottest, this.#used);
  }
}

/**
 * The store of rooms that are too large for one in memory, which sorts for each page: members that are sorted already, with
 * the latency, the pages and the units of DynamoDB. The pace of posts is that of the memory store.
 */
export function createRoomStore(
  time: VirtualTime,
  random: () => number,
  rooms: ReadonlyMap<string, readonly Member[]>,
  usage: Usage,
): Store & { readonly partitions: ReadonlyMap<string, Partition> } {
  const memory = createMemoryStore({ clock: time });
  const partitions = new Map([...rooms.keys(), "pace"].map((name) => [name, new Partition(time)]));
  const latency = () => time.sleep(drawMs(random, assumed.tableMs));
  const largest = Math.floor(assumed.pageBytes / assumed.memberBytes);
  async function* list(room: string, part: MemberPart | undefined): AsyncGenerator<readonly Member[]> {
    const members = rooms.get(room) ?? [];
    const from = part === undefined ? 0 : lowerBound(members, part.range.from);
    const end = part === undefined ? members.length : lowerBound(members, `${part.range.upTo}\0`);
    const size = Math.min(largest, part?.pageSize ?? largest);
    for (let at = from; ; at += size) {
      const page = members.slice(at, Math.min(at + size, end));
      const units = Math.max(1, Math.ceil((page.length * assumed.memberBytes) / 4_096));
      await partitions.get(room)?.take(units, assumed.readUnits);
      usage.readUnits += units;
      await latency();
      await time.sleep((page.length / largest) * assumed.pageMs);
      if (page.length > 0) yield page;
      if (at + size >= end) return;
    }
  }
  return {
    ...memory,
    partitions,
    listRoomMembers: (_, room, part) => list(room, part),
    async reservePosts(reservation) {
      usage.writeUnits += 1;
      await partitions.get("pace")?.take(1, assumed.writeUnits);
      const reserved = memory.reservePosts(reservation);
      await latency();
      return reserved;
    },
    async cutPace(...cut) {
      usage.writeUnits += 1;
      await latency();
      return memory.cutPace(...cut);
    },
  };
}

/** The index of the first that is not below. */
function lowerBound(members: readonly Member[], sid: string): number {
  let [low, high] = [0, members.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((members[middle]?.sid ?? "") < sid) low = middle + 1;
    else high = middle;
  }
  return low;
}
