import { arm } from "../../engine/alarms/arm.ts";
import { createVersion, placeOf, toTimerEntry } from "../../engine/alarms/timer-rows.ts";
import { rejectUnknownOptions } from "../../engine/engine-options.ts";
import { currentContext } from "../../engine/turn.ts";
import { recorded } from "../replay/recorded-result.ts";
import { requireDelay, requireOptions, requirePayload, requireTimerKey, toTitle } from "./timer-limits.ts";
import type { TimerPorts } from "./timer-ports.ts";

export interface TimerSetOptions {
  /** After how many milliseconds the handler is called: from 1,000, a second, to 2,592,000,000, thirty days. */
  readonly in: number;
}

/**
 * Timers of one name, a timer a key. They are in the table and in a queue, not in a process: whatever instance is free
 * when one is due calls the handler, in a turn of its own.
 *
 * @example
 * const grace = io.timer<{ room: string }>("grace", async ({ room }, userId) => {
 *   io.to(room).emit("left", userId);
 * });
 * io.on("connection", async (socket) => {
 *   const { userId, room } = socket.handshake.auth;
 *   await grace.cancel(userId);
 *   socket.on("disconnect", () => grace.set(userId, { in: 30_000 }, { room }));
 * });
 */
export class Timer<Payload = unknown> {
  readonly name: string;
  readonly #ports: TimerPorts;
  readonly #requireHandler: () => void;

  /** @internal */
  constructor(name: string, ports: TimerPorts, requireHandler: () => void) {
    this.name = name;
    this.#ports = ports;
    this.#requireHandler = requireHandler;
  }

  /**
   * Has the handler called once, with this payload and key, when the time is up; whatever was set under the key before
   * is replaced. Resolves when it is certain. The payload is what JSON keeps as it is, up to 340 KB. One message and
   * one write.
   *
   * Rejects with `core.timer_bad_delay`, `core.timer_bad_key`, `state.key_too_long`, `core.unserialisable`,
   * `core.timer_too_large`, in the app's own code with `core.unknown_timer` where it has no handler for it, and with
   * `core.timers_off` or `core.timers_unordered` where the stack has none.
   */
  async set(
    key: string,
    options: TimerSetOptions,
    ...[payload]: undefined extends Payload ? [payload?: Payload] : [payload: Payload]
  ): Promise<void> {
    const { name } = this;
    const id = { of: "timer", name, key: requireTimerKey(name, key) } as const;
    requireOptions(name, options);
    rejectUnknownOptions(`${toTitle("timer", name)}.set`, options, ["in"]);
    const inMs = requireDelay(`the time of ${toTitle("timer", name)}`, options.in);
    const kept = requirePayload(name, payload);
    this.#requireHandler();
    await recorded(async () => {
      const { runtime } = this.#ports;
      // Not in the turn, which would count it as an outage and come again.
      if (runtime.alarms.refusal) throw runtime.alarms.refusal;
      const version = createVersion();
      const dueAtMs = runtime.clock.nowMs() + inMs;
      const entry = toTimerEntry({ version, dueAtMs, ...(kept === undefined ? {} : { payload: kept }) });
      const write = () => runtime.store.putShared(placeOf(id), entry);
      await arm(runtime, { ...id, version }, { inMs }, write, (stage) => this.#effect(stage));
    }, "refuse");
  }

  /**
   * Ends what is set under a key: no handler begins any more, one that runs already goes on. Whether something was set;
   * after an answer that was lost, perhaps no when there was. One write.
   */
  async cancel(key: string): Promise<boolean> {
    const { name } = this;
    const place = placeOf({ of: "timer", name, key: requireTimerKey(name, key) });
    return recorded(() => this.#effect(() => this.#ports.runtime.store.deleteShared(place)), "refuse");
  }

  /** Behind the turn's effects so far, and part of it. */
  #effect<R>(stage: () => Promise<R>): Promise<R> {
    const turn = currentContext()?.turn ?? this.#ports.runtime.detached;
    return turn.order(stage);
  }
}
