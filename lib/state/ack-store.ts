import type { Sid } from "../ids.ts";

/**
 * Answers that a turn waits for. A row is made for each session before it is asked, so that an answer is one
 * conditional write and nobody who was not asked can write any: neither a client that guesses an id, nor one that
 * learnt it from another.
 */
export interface AckStore {
  /** One row per session, in one batch per 25. A session that is named twice has one row. */
  expectAnswers(question: Question): Promise<void>;

  /**
   * IF that session was asked under this id, in this namespace, has not answered, and the row has not expired. One
   * write; false for what is late, unknown, forged or doubled. Throws `state.answer_too_large`, with nothing written.
   */
  saveAnswer(answer: AnswerRecord): Promise<boolean>;

  /** Those that have answered so far, in no order. */
  listAnswers(ackId: number): Promise<readonly AnswerRecord[]>;
}

export interface Question {
  /** The `id` of the packet: a whole number from 0 to `MAX_SAFE_INTEGER`. */
  readonly ackId: number;
  readonly nsp: string;
  readonly sids: readonly Sid[];
  /** No answer counts from then on. */
  readonly expiresAtSeconds: number;
}

export interface AnswerRecord {
  readonly ackId: number;
  readonly nsp: string;
  readonly sid: Sid;
  /** The ack packet as the app's codec encodes it, attachments included: at most `MAX_ANSWER_BYTES` in all. */
  readonly messages: readonly (string | Uint8Array)[];
  /** When the gateway took it, in epoch milliseconds. */
  readonly atMs: number;
}
