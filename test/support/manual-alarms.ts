import type { Alarm, AlarmClock, AlarmTime, Ringing } from "../../lib/engine/alarms/alarm.ts";
import type { ManualClock } from "./manual-clock.ts";

const LONGEST_DELAY_SECONDS = 900;

interface Message {
  readonly id: string;
  readonly alarm: Alarm;
  readonly dueAtMs: number;
  isHidden: boolean;
}

/** Delayed messages as SQS keeps them: in whole seconds, at least once, and hidden while somebody has them. */
export class ManualAlarms implements AlarmClock {
  /** Every alarm that was ever set. */
  readonly sent: (Alarm & AlarmTime)[] = [];
  readonly #clock: ManualClock;
  readonly #hand: (ringing: Ringing) => void;
  readonly #messages = new Map<string, Message>();

  constructor(clock: ManualClock, hand: (ringing: Ringing) => void) {
    this.#clock = clock;
    this.#hand = hand;
  }

  async set(alarm: Alarm, { inMs, dueAtMs = this.#clock.nowMs() + inMs }: AlarmTime): Promise<void> {
    this.sent.push({ ...alarm, inMs, dueAtMs });
    const id = `alarm-${this.sent.length}`;
    const message = { id, alarm, dueAtMs, isHidden: true };
    this.#messages.set(id, message);
    const delaySeconds = Math.min(LONGEST_DELAY_SECONDS, Math.ceil(inMs / 1000 - 0.5));
    void this.#clock.sleep(delaySeconds * 1000).then(() => this.#take(message));
  }

  /** What was handed over and not failed is deleted. */
  finish({ id }: Ringing, failedIds: readonly string[]): void {
    if (!failedIds.includes(id)) this.#messages.delete(id);
  }

  /** The visibility timeout of everything that is in somebody's hands is over. */
  reappear(): void {
    for (const message of [...this.#messages.values()]) if (!message.isHidden) this.#take(message);
  }

  /** None of what is armed ever rings. */
  lose(): void {
    this.#messages.clear();
  }

  /** Armed, or in somebody's hands. */
  get left(): number {
    return this.#messages.size;
  }

  #take(message: Message): void {
    if (!this.#messages.has(message.id)) return;
    message.isHidden = false;
    const { id, alarm, dueAtMs } = message;
    this.#hand({ id, alarm, dueAtMs, leftMs: dueAtMs - this.#clock.nowMs() });
  }
}
