import type { AckStore, AnswerRecord } from "./ack-store.ts";
import type { MemoryRows } from "./memory-rows.ts";
import { requireAnswerSize, requireNamespace, requireSid } from "./row-limits.ts";

/** Of a memory store: who was asked, and what they answered. */
export function createMemoryAcks({ asked }: MemoryRows): AckStore {
  return {
    async expectAnswers({ ackId, nsp, sids, expiresAtSeconds }) {
      requireNamespace(nsp);
      sids.forEach(requireSid);
      for (const sid of sids) asked.put(String(ackId), sid, { nsp, expiresAtSeconds }, expiresAtSeconds);
    },

    async saveAnswer(answer) {
      requireAnswerSize(answer);
      const { ackId, nsp, sid } = answer;
      const row = asked.get(String(ackId), requireSid(sid));
      if (row === undefined || row.nsp !== requireNamespace(nsp) || row.answer !== undefined) return false;
      asked.put(String(ackId), sid, { ...row, answer }, row.expiresAtSeconds);
      return true;
    },

    async listAnswers(ackId) {
      return asked.list(String(ackId)).flatMap(({ answer }): AnswerRecord[] => (answer ? [answer] : []));
    },
  };
}
