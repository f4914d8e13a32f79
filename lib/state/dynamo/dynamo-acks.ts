import type { AckStore } from "../ack-store.ts";
import { fromAckItem, listAnswersParams, saveAnswerParams, toAckItems } from "./items/ack-item.ts";
import { createAttempt } from "./attempt.ts";
import type { Table } from "./table.ts";

/** Of the DynamoDB store: who was asked, and what they answered. */
export function createDynamoAcks(table: Table): AckStore {
  const { name, pageLimit } = table;
  return {
    async expectAnswers(question) {
      await table.write(toAckItems(question).map((put) => ({ put })));
    },
    async saveAnswer(answer) {
      const save = { answer, attempt: createAttempt(), nowSeconds: table.nowSeconds() };
      return (await table.update(saveAnswerParams(name, save))) !== undefined;
    },
    async listAnswers(ackId) {
      const items = await table.query(listAnswersParams(name, { ackId, pageLimit }));
      return items.map(fromAckItem).filter((answer) => answer !== undefined);
    },
  };
}
