import { anySessionExpiresAtSeconds } from "../expiry.ts";
import { toLiveOutcome, type LiveStore } from "../live/live-store.ts";
import * as liveItem from "./items/live-item.ts";
import type { Table } from "./table.ts";

/** Of the DynamoDB store: live values of the app. */
export function createDynamoLive(table: Table): LiveStore {
  const { name, pageLimit } = table;
  return {
    async listLive() {
      const items = await table.query(liveItem.listLiveParams(name, pageLimit));
      return items.map(liveItem.fromLiveItem);
    },

    async commitLive(commit) {
      const expiresAtSeconds = anySessionExpiresAtSeconds(table.clock);
      const nowSeconds = table.nowSeconds();
      const held = await table.transact([
        ...commit.writes.map((write) => liveItem.liveWrite(name, write, commit.version)),
        ...commit.strokes.map((strokes) => liveItem.strokesWrite(name, strokes, expiresAtSeconds)),
        ...commit.sockets.map((socket) => liveItem.liveSocketWrite(name, socket, nowSeconds)),
      ]);
      return held && toLiveOutcome(commit, held);
    },

    async countStrokes(letterId) {
      const item = await table.get(liveItem.countStrokesParams(name, letterId));
      return item === undefined ? 0 : (item["strokes"] as number);
    },
  };
}
