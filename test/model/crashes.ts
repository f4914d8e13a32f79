import { writes, type Schedule, type Touch } from "./schedule.ts";

/** How many processes of a run may stop forever, between any two of their steps. */
export class Crashes {
  /** The processes that did, in order. */
  readonly happened: string[] = [];
  readonly #schedule: Schedule;
  readonly #offered = new Set<string>();
  readonly #most: number;

  readonly #onGone: (process: string) => void;

  /** `onGone` hears of every process that has ended or crashed. */
  constructor(schedule: Schedule, most: number, onGone: (process: string) => void = () => undefined) {
    this.#schedule = schedule;
    this.#most = most;
    this.#onGone = onGone;
  }

  /** Runs a process that may crash. `onCrash` is what the rest of the world makes of it, and `touches` what of. */
  run(
    process: string,
    main: () => Promise<unknown>,
    onCrash: () => void = () => undefined,
    touches: readonly Touch[] = [],
  ): void {
    this.#schedule.run(process, main, () => {
      this.#withdraw(process);
      this.#onGone(process);
    });
    if (this.happened.length === this.#most) return;
    this.#offered.add(process);
    const id = `${process} crash`;
    this.#schedule.offer({ id, process, label: "CRASH", touches: [writes("crashes"), ...touches] }, () => {
      this.happened.push(process);
      this.#offered.delete(process);
      this.#schedule.kill(process);
      if (this.happened.length === this.#most) for (const other of this.#offered) this.#withdraw(other);
      onCrash();
      this.#onGone(process);
    });
  }

  #withdraw(process: string): void {
    this.#offered.delete(process);
    this.#schedule.withdraw(`${process} crash`);
  }
}
