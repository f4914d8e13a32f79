import type { Alarm, Ringing } from "../../../lib/engine/alarms/alarm.ts";
import type { Crashes } from "../crashes.ts";
import { writes, type Schedule } from "../schedule.ts";

interface Message {
  readonly id: string;
  readonly alarm: Alarm;
  rings: number;
}

export interface AlarmOptions {
  /** Turns an alarm into a letter, in an invocation of that name; resolves with the ids of what must come again. */
  readonly ring: (process: string, ringing: Ringing) => Promise<readonly string[]>;
  readonly crashes: Crashes;
  /** So many ring; all others stay armed. */
  readonly most: number;
  /** Each that is set is handed over so many times. */
  readonly copies: number;
}

/**
 * Delayed messages as steps. A second is long: whoever sets an alarm has come to its end by then, or has crashed. After
 * that it may come at any moment, and comes again after a crash.
 */
export class ModelAlarms {
  readonly armed: Alarm[] = [];
  readonly #schedule: Schedule;
  readonly #options: AlarmOptions;
  readonly #held = new Map<string, Message[]>();
  readonly #counts = new Map<string, number>();
  #rung = 0;

  constructor(schedule: Schedule, options: AlarmOptions) {
    this.#schedule = schedule;
    this.#options = options;
  }

  /** Part of the step that sets it. */
  append(process: string, alarm: Alarm): void {
    this.armed.push(alarm);
    for (let copy = 0; copy < this.#options.copies; copy += 1) {
      const count = (this.#counts.get(process) ?? 0) + 1;
      this.#counts.set(process, count);
      const message = { id: `${process}!${count}`, alarm, rings: 0 };
      this.#held.set(process, [...(this.#held.get(process) ?? []), message]);
    }
  }

  /** The process has ended, or is gone. */
  release(process: string): void {
    for (const message of this.#held.get(process) ?? []) this.#offer(message);
    this.#held.delete(process);
  }

  #offer(message: Message): void {
    if (this.#rung >= this.#options.most) return;
    this.#rung += 1;
    const process = `ring ${message.id} ${(message.rings += 1)}`;
    const touches = [writes("alarm", message.id)];
    const ring = async () => {
      const ringing = { alarm: message.alarm, id: message.id, dueAtMs: 0, leftMs: 0 };
      const failed = await this.#options.ring(process, ringing);
      await this.#schedule.step(process, "is done with its alarm", touches, () => {
        if (failed.length > 0) this.#offerAgain(message);
      });
    };
    this.#schedule.offer({ id: process, process, label: "rings", touches }, () => {
      this.#options.crashes.run(process, ring, () => this.#offerAgain(message), touches);
    });
  }

  #offerAgain(message: Message): void {
    this.#rung -= 1;
    this.#offer(message);
  }
}
