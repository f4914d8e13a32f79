import { described } from "../../described.ts";
import { placeOf, readTimer } from "../../engine/alarms/timer-rows.ts";
import { CoreError } from "../../engine/errors.ts";
import { rejectUnknownOptions } from "../../engine/engine-options.ts";
import type { Letter } from "../../engine/letter.ts";
import { currentContext, type Turn } from "../../engine/turn.ts";
import { callListener } from "../replay/handler.ts";
import type { Listener } from "../replay/typed-events.ts";
import { begin, recur, type Recurring } from "./recurring.ts";
import { Timer } from "./timer.ts";
import { requireDelay, requireTimerName, toTitle } from "./timer-limits.ts";
import type { TimerPorts } from "./timer-ports.ts";

export interface EveryOptions {
  /** `connected`: only while there is a client, of any namespace. Default: always. */
  readonly while?: "connected";
}

/** So many names fit into an error. */
const MAX_NAMED = 8;

type TimerLetter = Letter & { kind: "timer" };

/** What timers an app has, by their names: every instance knows them from its module. */
export class Timers {
  readonly #ports: TimerPorts;
  readonly #pingIntervalMs: number;
  readonly #handlers = new Map<string, Listener<never[]>>();
  readonly #recurring = new Map<string, { readonly what: Recurring; readonly handler: Listener<never[]> }>();

  constructor(ports: TimerPorts, pingIntervalMs: number) {
    this.#ports = ports;
    this.#pingIntervalMs = pingIntervalMs;
  }

  /** @throws {CoreError} as `io.timer` */
  define<Payload>(name: string, handler: Listener<never[]> | undefined): Timer<Payload> {
    requireTimerName("timer", name);
    if (handler !== undefined) {
      requireHandler("timer", name, handler);
      requireNew("timer", name, this.#handlers);
      this.#handlers.set(name, handler);
    }
    return new Timer<Payload>(name, this.#ports, () => this.#requireKnown(name));
  }

  /** Programs that only set and cancel have none. */
  #requireKnown(name: string): void {
    if (this.#handlers.has(name) || !this.#ports.runtime.hasApp) return;
    const known = [...this.#handlers.keys()].slice(0, MAX_NAMED).map((one) => toTitle("timer", one));
    const has = known.length === 0 ? "it has no io.timer with a handler" : `it has ${known.join(", ")}`;
    throw new CoreError(
      "core.unknown_timer",
      `expected the app to have a handler for ${toTitle("timer", name)}, to be called when it is due, got none; ${has}`,
      { evidence: { timer: name } },
    );
  }

  /** @throws {CoreError} as `io.every` */
  every(name: string, everyMs: number, handler: Listener<never[]>, options: EveryOptions): void {
    requireTimerName("every", name);
    rejectUnknownOptions(toTitle("every", name), options, ["while"]);
    requireHandler("every", name, handler);
    requireNew("every", name, this.#recurring);
    const what: Recurring = {
      name,
      everyMs: requireDelay(`the period of ${toTitle("every", name)}`, everyMs),
      isWhileConnected: requireWhile(name, options.while),
      pingIntervalMs: this.#pingIntervalMs,
    };
    this.#recurring.set(name, { what, handler });
  }

  /** Begins what always runs. One read for each. */
  async onMinute(): Promise<void> {
    await this.#begin((recurring) => !recurring.isWhileConnected);
  }

  /** Begins what runs while somebody is connected: once there is a beat of whoever has come. One read for each. */
  async onConnected(): Promise<void> {
    await this.#begin((recurring) => recurring.isWhileConnected);
  }

  async #begin(isMeant: (recurring: Recurring) => boolean): Promise<void> {
    const meant = [...this.#recurring.values()].map(({ what }) => what).filter(isMeant);
    if (meant.length === 0) return;
    const { runtime } = this.#ports;
    const { refusal } = runtime.alarms;
    if (refusal === undefined) await Promise.all(meant.map((recurring) => begin(runtime, recurring)));
    else runtime.logger.error("what io.every names cannot run", { code: refusal.code, error: refusal });
  }

  /**
   * A timer is due. Its row goes when the handler has ended, with all that it has begun: whatever crashes or cannot
   * reach the table before that has the letter come again.
   */
  async run(letter: TimerLetter, turn: Turn, receivedAtMs: number | undefined): Promise<void> {
    const { of, name } = letter;
    turn.describe(of, JSON.stringify(name));
    if (of === "timer") return this.#runTimer(letter, turn);
    const known = this.#recurring.get(name);
    if (known === undefined) throw unknownTimer(letter);
    await recur(this.#ports.runtime, known.what, letter, receivedAtMs, () =>
      this.#call(letter, turn, known.handler, []),
    );
  }

  async #runTimer(letter: TimerLetter, turn: Turn): Promise<void> {
    const { runtime } = this.#ports;
    const row = await readTimer(runtime.store, letter);
    if (row === undefined || row.version !== letter.version) return;
    const handler = this.#handlers.get(letter.name);
    if (handler === undefined) throw unknownTimer(letter);
    await this.#call(letter, turn, handler, [row.payload, letter.key]);
    // Unless it was set again meanwhile, by the handler itself perhaps.
    await runtime.store.replaceShared(placeOf(letter), row.record, undefined);
  }

  /** Live, to the end of all that it begins. Rejects where that met an outage; what the handler throws is reported. */
  async #call(
    { of, name }: TimerLetter,
    turn: Turn,
    handler: Listener<never[]>,
    args: readonly unknown[],
  ): Promise<void> {
    const where = { event: toTitle(of, name), nsp: "", socketId: "" };
    await callListener(this.#ports, turn, undefined, handler, args, where);
    await turn.settle();
    await turn.runEndings();
    await turn.settle();
    if (turn.failure) throw turn.failure.error;
  }
}

/** A deploy is under way, perhaps: the letter comes again, and with it an instance that knows it. */
const unknownTimer = ({ of, name }: TimerLetter): CoreError =>
  new CoreError(
    "core.unknown_timer",
    `expected the app to have an ${toTitle(of, name)}, which is due, got none; it comes again for five minutes`,
    { evidence: { timer: name } },
  );

function requireHandler(of: string, name: string, handler: unknown): void {
  if (typeof handler !== "function") {
    throw new CoreError(
      "core.not_a_listener",
      `expected the handler of ${toTitle(of, name)} to be a function, got ${described(handler)}`,
    );
  }
  const turn = currentContext()?.turn;
  if (turn === undefined) return;
  throw new CoreError(
    "core.registration_in_handler",
    `expected timers to be defined where the app's module is loaded, got ${toTitle(of, name)} inside ${turn.label}; ` +
      "no other instance would know it",
    { evidence: { turn: turn.label } },
  );
}

function requireNew(of: string, name: string, known: ReadonlyMap<string, unknown>): void {
  if (!known.has(name)) return;
  throw new CoreError(
    "core.timer_name_taken",
    `expected a name for each io.${of}, got ${toTitle(of, name)} twice`,
    { evidence: { timer: name } },
  );
}

function requireWhile(name: string, value: unknown): boolean {
  if (value === undefined || value === "connected") return value === "connected";
  throw new CoreError(
    "core.timer_bad_while",
    `expected the option while of ${toTitle("every", name)} to be "connected" or left out, got ${described(value)}`,
  );
}
