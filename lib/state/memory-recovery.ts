import { openedAtMs } from "../ids.ts";
import { sessionExpiresAtSeconds } from "./expiry.ts";
import { toLogKey, type MemoryRows } from "./memory-rows.ts";
import { HOLD_UNTIL_MS } from "./outbox.ts";
import type { LogRecord, RecoveryStore } from "./recovery-store.ts";
import {
  requireLogSize,
  requireOffset,
  requirePid,
  requireRoom,
  requireSid,
  requireStart,
} from "./row-limits.ts";

/** Of a memory store: whose state a private id stands for, what was sent to rooms, and holds. */
export function createMemoryRecovery({ pids, logs, logEnds, outboxes }: MemoryRows): RecoveryStore {
  return {
    async getPid(pid) {
      return pids.get(requirePid(pid), "");
    },

    async movePid(pid, from, to) {
      const row = pids.get(requirePid(pid), "");
      [from, to].forEach(requireSid);
      if (row?.sid !== from) return row?.sid === to && row.previousSid === from;
      pids.put(pid, "", { ...row, sid: to, previousSid: from }, sessionExpiresAtSeconds(to));
      return true;
    },

    async appendLog(records, expiresAtSeconds) {
      const rows = records.map(({ doneAtMs: _, ...packet }) => {
        requireOffset(packet.offset);
        packet.except.forEach(requireRoom);
        return { key: toLogKey(packet.nsp, packet.room), packet: requireLogSize(packet) };
      });
      for (const { key, packet } of rows) logs.put(key, packet.offset, packet, expiresAtSeconds);
    },

    async markLogDone(places, doneAtMs, expiresAtSeconds) {
      const rows = places.map(
        ({ nsp, room, offset }) => [toLogKey(nsp, room), requireOffset(offset)] as const,
      );
      for (const [key, offset] of rows) logEnds.put(key, offset, doneAtMs, expiresAtSeconds);
    },

    async listLog(nsp, room, from) {
      const key = toLogKey(nsp, room);
      requireStart(from);
      const packets = logs.list(key).filter(({ offset }) => offset >= from);
      return packets.map((packet): LogRecord => {
        const doneAtMs = logEnds.get(key, packet.offset);
        return doneAtMs === undefined ? packet : { ...packet, doneAtMs };
      });
    },

    async isLogged({ nsp, room, offset }) {
      return logs.get(toLogKey(nsp, room), requireOffset(offset)) !== undefined;
    },

    async createHold(hold, target) {
      const probe = { target, untilMs: HOLD_UNTIL_MS };
      const outbox = {
        sid: requireSid(hold),
        frames: [],
        probe,
        lastGetUntilMs: openedAtMs(hold),
        closed: false,
      };
      outboxes.put(hold, "", outbox, sessionExpiresAtSeconds(hold));
    },
  };
}
