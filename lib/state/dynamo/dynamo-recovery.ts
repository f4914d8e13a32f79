import { isBeyond } from "../log-bound.ts";
import type { RecoveryStore } from "../recovery-store.ts";
import type { Item } from "./expressions.ts";
import * as logItem from "./items/log-item.ts";
import { toHoldItem } from "./items/outbox-item.ts";
import { fromPidItem, getPidParams, movePidParams } from "./items/pid-item.ts";
import type { Table } from "./table.ts";

/** Of the DynamoDB store: whose state a private id stands for, what was sent to rooms, and holds. */
export function createDynamoRecovery(table: Table): RecoveryStore {
  const { name } = table;
  return {
    async getPid(pid) {
      const item = await table.get(getPidParams(name, pid));
      return item && fromPidItem(item);
    },
    async movePid(pid, from, to) {
      const move = { pid, from, to, nowSeconds: table.nowSeconds() };
      return (await table.update(movePidParams(name, move))) !== undefined;
    },

    async appendLog(records, expiresAtSeconds) {
      await table.write(records.map((packet) => ({ put: logItem.toLogItem(packet, expiresAtSeconds) })));
    },
    async markLogDone(places, doneAtMs, expiresAtSeconds) {
      const end = { doneAtMs, expiresAtSeconds };
      await table.write(places.map((place) => ({ put: logItem.toLogEndItem(place, end) })));
    },
    async listLog(nsp, room, from, bound) {
      const walk = { nsp, room, from, bound, pageLimit: table.pageLimit };
      const items: Item[] = [];
      for await (const page of table.pages(logItem.listLogParams(name, walk))) {
        items.push(...page);
        if (bound !== undefined && isBeyond(logItem.fromLogItems(items), bound)) break;
      }
      return logItem.fromLogItems(items);
    },
    async isLogged(place) {
      return (await table.get(logItem.getLogParams(name, place))) !== undefined;
    },

    async createHold(hold, target) {
      await table.write([{ put: toHoldItem(hold, target) }]);
    },
  };
}
