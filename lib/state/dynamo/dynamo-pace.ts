import { StateError } from "../errors.ts";
import { countExpiresAtSeconds } from "../expiry.ts";
import type { PaceStore, PostReservation } from "../pace-store.ts";
import * as paceItem from "./items/pace-item.ts";
import type { Table } from "./table.ts";

/** Whether something is reserved ahead changes once in so many attempts that one of two forms holds long before. */
const MAX_ATTEMPTS = 20;

/** Of the DynamoDB store: how fast posts may be. */
export function createDynamoPace(table: Table): PaceStore {
  const { name } = table;
  const times = () => ({
    expiresAtSeconds: countExpiresAtSeconds(table.clock),
    nowSeconds: table.nowSeconds(),
  });
  return {
    async reservePosts(reservation: PostReservation) {
      const request = { ...reservation, ...times() };
      for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
        const form = attempt % 2 === 0 ? paceItem.appendReservationParams : paceItem.beginReservationParams;
        const reserved = await table.update(form(name, request));
        if (reserved !== undefined) return paceItem.fromPaceItem(reserved.Attributes ?? {});
      }
      throw new StateError(
        "state.pace_contended",
        `expected the pace of posts to be reserved ahead or not, got ${MAX_ATTEMPTS} changes of that in a row`,
        { attempts: MAX_ATTEMPTS },
      );
    },

    async cutPace(cut, unlessSinceMs) {
      const params = paceItem.cutPaceParams(name, { cut, unlessSinceMs, ...times() });
      return (await table.update(params)) !== undefined;
    },
  };
}
