import type { Turn } from "../../engine/turn.ts";

interface Writer {
  /** How often it has begun to write: a stroke is what goes on without an await. */
  strokes: number;
  isInStroke: boolean;
  /** Strokes that were stored before its letter came again. */
  readonly stored: number;
}

/** How far turns have come with their writing, for those whose letters come again after a crash. */
export class Writers {
  readonly #writers = new WeakMap<Turn, Writer>();

  /** Of a turn whose letter comes again. */
  resume(turn: Turn, stored: number): void {
    this.#writers.set(turn, { strokes: 0, isInStroke: false, stored });
  }

  /** Which of its strokes it writes in; undefined where that one was stored already. */
  strokeOf(turn: Turn): number | undefined {
    const writer = this.#writers.get(turn) ?? { strokes: 0, isInStroke: false, stored: 0 };
    this.#writers.set(turn, writer);
    if (!writer.isInStroke) {
      writer.strokes += 1;
      writer.isInStroke = true;
      queueMicrotask(() => (writer.isInStroke = false));
    }
    return writer.strokes > writer.stored ? writer.strokes : undefined;
  }
}

/** Whether its handlers run again when its letter does: a frame's do not, for that ends the session. */
export const isRepeatable = ({ letterId, letterKind }: Turn): boolean =>
  letterId !== undefined && letterKind !== "frame" && letterKind !== "payload";
