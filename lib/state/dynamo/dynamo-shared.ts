import { hasMark, sumAfter } from "../shared-marks.ts";
import { NEVER_SECONDS } from "../expiry.ts";
import type {
  SharedEntry,
  SharedOwner,
  SharedPlace,
  SharedRange,
  SharedRecord,
  SharedStore,
} from "../shared-store.ts";
import { createAttempt } from "./attempt.ts";
import { ownedKey, sharedKey } from "./keys.ts";
import * as sharedItem from "./items/shared-item.ts";
import type { Table } from "./table.ts";

/** Of the DynamoDB store: the app's own values. */
export function createDynamoShared(table: Table): SharedStore {
  const { name, pageLimit } = table;
  const newCall = () => ({ attempt: createAttempt(), nowSeconds: table.nowSeconds() });

  const read = async (place: SharedPlace): Promise<SharedRecord | undefined> => {
    const item = await table.get(sharedItem.getSharedParams(name, place));
    return item && sharedItem.fromSharedItem(item);
  };
  const putIf = async (place: SharedPlace, previous: SharedRecord | undefined, next: SharedEntry) => {
    const call = newCall();
    if (await table.put(sharedItem.replaceSharedParams(name, place, previous, next, call))) return true;
    return hasMark((await read(place))?.marks ?? [], call.attempt);
  };

  return {
    getShared: read,
    async getManyShared(places) {
      const items = await table.getMany(places.map(sharedKey));
      return items.map((item) => item && sharedItem.fromSharedItem(item));
    },

    async putShared(place, entry) {
      await table.put(sharedItem.putSharedParams(name, place, entry, createAttempt()));
    },

    async replaceShared(place, previous, next) {
      if (next !== undefined) return putIf(place, previous, next);
      if (previous === undefined) return (await read(place)) === undefined;
      return table.remove(sharedItem.removeSharedParams(name, place, previous, table.nowSeconds()));
    },

    async addShared(place, by) {
      for (;;) {
        const call = newCall();
        const added = await table.update(sharedItem.addSharedParams(name, place, by, call));
        if (added?.Attributes !== undefined) {
          const { amount, marks } = added.Attributes as { amount: number; marks: readonly string[] };
          const drop = sharedItem.dropMarksParams(name, place, marks);
          if (drop !== undefined) await table.update(drop);
          return amount;
        }
        const present = await read(place);
        if (present === undefined) {
          // Expired, and still stored.
          const entry: SharedEntry = {
            value: { kind: "number", number: by },
            expiresAtSeconds: NEVER_SECONDS,
          };
          if (await putIf(place, undefined, entry)) return by;
        } else if (present.value.kind !== "number") {
          return "not a number";
        } else if (hasMark(present.marks, call.attempt)) {
          return sumAfter(present.marks, call.attempt, present.value.number);
        } else if (!Number.isSafeInteger(present.value.number + by)) {
          return "out of range";
        }
      }
    },

    deleteShared: (place) => table.remove(sharedItem.deleteSharedParams(name, place, table.nowSeconds())),
    async deleteManyShared(map, keys) {
      await table.write(keys.map((key) => ({ remove: sharedKey({ map, key }) })));
    },

    async listShared(map, range, after) {
      if (isEmpty(range)) return { entries: [], after: undefined };
      const page = await table.page(sharedItem.listSharedParams(name, map, range, { pageLimit, after }));
      return {
        entries: page.items.map(sharedItem.fromSharedListing),
        after: page.lastKey && sharedItem.toCursor(page.lastKey),
      };
    },
    async countShared(map, range) {
      if (isEmpty(range)) return 0;
      const options = { pageLimit, nowSeconds: table.nowSeconds() };
      return (await table.count(sharedItem.countSharedParams(name, map, range, options))).count;
    },

    async noteOwned({ sid, socketId }, place) {
      await table.write([{ put: sharedItem.toOwnedItem(sid, { socketId, ...place }) }]);
    },
    async deleteOwned(owner, places) {
      const { sid, socketId } = owner;
      await deleteEntriesOf(table, owner, places);
      await table.write(places.map((place) => ({ remove: ownedKey(sid, { socketId, ...place }) })));
    },
  };
}

/** Each IF it is still that owner's. */
export async function deleteEntriesOf(
  table: Table,
  owner: SharedOwner,
  places: readonly SharedPlace[],
): Promise<void> {
  await Promise.all(
    places.map((place) => table.remove(sharedItem.deleteIfOwnedParams(table.name, place, owner))),
  );
}

/** A range that ends before it begins, which DynamoDB refuses to answer. */
const isEmpty = ({ from, to }: SharedRange): boolean =>
  from !== undefined && to !== undefined && Buffer.compare(Buffer.from(from), Buffer.from(to)) > 0;
