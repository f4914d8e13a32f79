import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { listAudience } from "../../../lib/socketio/rooms/audience.ts";
import type { Member } from "../../../lib/state/records.ts";
import type { Store } from "../../../lib/state/store.ts";

type Rooms = Readonly<Record<string, readonly string[]>>;

/** Rooms whose members are read so many at a time; `read` says in which order pages were. */
function storeOf(rooms: Rooms, pageSize: number) {
  const read: string[] = [];
  const store = {
    async *listRoomMembers(_: string, room: string) {
      const sids = [...(rooms[room] ?? [])].sort();
      for (let at = 0; at < sids.length; at += pageSize) {
        read.push(room);
        yield sids.slice(at, at + pageSize).map((sid) => ({ sid, socketId: `socket of ${sid}` }) as Member);
      }
    },
  };
  return { store: store as unknown as Store, read };
}

async function list(store: Store, rooms: readonly string[], except: readonly string[]): Promise<string[][]> {
  const pages: string[][] = [];
  const audience = { nsp: "/", rooms: new Set(rooms), except: new Set(except) };
  for await (const page of listAudience(store, audience)) pages.push(page.map(({ member }) => member.sid));
  return pages;
}

const sids = fc.uniqueArray(fc.constantFrom(..."abcdefghijklmnopqrstuvwxyz"), { maxLength: 12 });

describe("an audience", () => {
  it("has everybody once, in order, without those of a room that is left out, however rooms and pages lie", async () => {
    const world = fc.record({ one: sids, two: sids, three: sids, out: sids });
    const property = fc.asyncProperty(world, fc.integer({ min: 1, max: 5 }), async (rooms, pageSize) => {
      const { store, read } = storeOf(rooms, pageSize);

      const listed = await list(store, ["one", "two", "three"], ["out"]);

      const wanted = new Set(
        [...rooms.one, ...rooms.two, ...rooms.three].filter((sid) => !rooms.out.includes(sid)),
      );
      expect(listed.flat()).toEqual([...wanted].sort());
      expect(listed.every((page) => page.length > 0)).toBe(true);
      // Each page once, and no more of a stream in memory than one.
      const pages = Object.values(rooms).map(({ length }) => Math.ceil(length / pageSize));
      expect(read).toHaveLength(pages.reduce((sum, count) => sum + count, 0));
    });
    await fc.assert(property, { numRuns: 300 });
  });

  it("reads no page before it is asked for what is on it", async () => {
    const { store, read } = storeOf({ one: ["a", "c", "e", "g"], two: ["b", "y", "z"] }, 2);
    const audience = { nsp: "/", rooms: new Set(["one", "two"]), except: new Set<string>() };
    const pages = listAudience(store, audience);

    await pages.next();
    expect(read).toEqual(["one", "two"]);
    await pages.next();
    expect(read).toEqual(["one", "two", "one"]);
  });
});
