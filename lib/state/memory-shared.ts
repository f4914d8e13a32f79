import { NEVER_SECONDS, sessionExpiresAtSeconds } from "./expiry.ts";
import type { MemoryRows } from "./memory-rows.ts";
import { requireMap, requireSharedKey, requireSharedSize, requireSid } from "./row-limits.ts";
import type {
  OwnedRecord,
  SharedEntry,
  SharedOwner,
  SharedPlace,
  SharedRange,
  SharedRecord,
  SharedStore,
} from "./shared-store.ts";

/** Of a memory store: the app's own values. A request is never repeated here, so there are no marks. */
export function createMemoryShared(rows: MemoryRows, pageSize: number): SharedStore {
  const { shared, owned } = rows;
  let versions = 0;

  const read = ({ map, key }: SharedPlace): SharedRecord | undefined =>
    shared.get(requireMap(map), toSortKey(key))?.record;
  const put = ({ map, key }: SharedPlace, entry: SharedEntry): void => {
    const record = { ...entry, version: String(++versions), marks: [] };
    shared.put(requireMap(map), toSortKey(key), { key, record }, entry.expiresAtSeconds);
  };
  const remove = ({ map, key }: SharedPlace): void => shared.remove(map, toSortKey(key));

  return {
    async getShared(place) {
      return read(place);
    },
    async getManyShared(places) {
      return places.map(read);
    },
    async putShared(place, entry) {
      requireSharedSize(entry.value);
      put(place, entry);
    },

    async replaceShared(place, previous, next) {
      if (next !== undefined) requireSharedSize(next.value);
      if (read(place)?.version !== previous?.version) return false;
      if (next !== undefined) put(place, next);
      else remove(place);
      return true;
    },

    async addShared(place, by) {
      const present = read(place) ?? {
        value: { kind: "number", number: 0 },
        expiresAtSeconds: NEVER_SECONDS,
      };
      if (present.value.kind !== "number") return "not a number";
      const number = present.value.number + by;
      if (!Number.isSafeInteger(number)) return "out of range";
      put(place, { ...present, value: { kind: "number", number } });
      return number;
    },

    async deleteShared(place) {
      const isThere = read(place) !== undefined;
      remove(place);
      return isThere;
    },
    async deleteManyShared(map, keys) {
      for (const key of keys) remove({ map, key });
    },

    async listShared(map, range, after) {
      const isWithin = within(range);
      const isBehind = (sortKey: string) => after === undefined || sortKey > toSortKey(after);
      const rows = shared
        .list(requireMap(map))
        .filter(({ key }) => isWithin(toSortKey(key)) && isBehind(toSortKey(key)));
      const page = rows.slice(0, pageSize);
      return {
        entries: page.map(({ key, record }) => ({ key, value: record.value })),
        after: rows.length > pageSize ? page.at(-1)?.key : undefined,
      };
    },
    async countShared(map, range) {
      const isWithin = within(range);
      return shared.list(requireMap(map)).filter(({ key }) => isWithin(toSortKey(key))).length;
    },

    async noteOwned({ sid, socketId }, place) {
      const note = { socketId, ...place };
      owned.put(requireSid(sid), toNoteKey(note), note, sessionExpiresAtSeconds(sid));
    },
    async deleteOwned(owner, places) {
      const { sid, socketId } = owner;
      deleteEntriesOf(rows, owner, places);
      for (const place of places) owned.remove(sid, toNoteKey({ socketId, ...place }));
    },
  };
}

/** Each IF it is still that owner's. */
export function deleteEntriesOf(
  { shared }: MemoryRows,
  { sid, socketId }: SharedOwner,
  places: readonly SharedPlace[],
): void {
  for (const { map, key } of places) {
    const owner = shared.get(map, toSortKey(key))?.record.owner;
    if (owner?.sid === sid && owner.socketId === socketId) shared.remove(map, toSortKey(key));
  }
}

/** Text that sorts as the UTF-8 of a key does, which in JavaScript's own order emoji would not. */
const toSortKey = (key: string): string => `=${Buffer.from(requireSharedKey(key)).toString("hex")}`;

const toNoteKey = ({ socketId, map, key }: OwnedRecord): string => JSON.stringify([socketId, map, key]);

function within({ prefix = "", from, to }: SharedRange): (sortKey: string) => boolean {
  const [first, last] = [toSortKey(from ?? prefix), to === undefined ? undefined : toSortKey(to)];
  if (from === undefined && last === undefined) return (sortKey) => sortKey.startsWith(first);
  return (sortKey) => sortKey >= first && (last === undefined || sortKey <= last);
}
