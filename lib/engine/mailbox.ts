import type { Letter } from "./letter.ts";

/** The ordered store between the gateway and the handlers. */
export interface Mailbox {
  /**
   * Appends a letter to its session's lane (`laneOf`). MUST resolve only when the letter is durable, MUST keep the
   * order of two awaited sends to one lane, MUST NOT deduplicate by content.
   */
  send(letter: Letter): Promise<void>;
  /** Deletes deliveries whose work is done while their batch still runs. An unknown receipt is no error. */
  release(receipts: readonly string[]): Promise<void>;
}
