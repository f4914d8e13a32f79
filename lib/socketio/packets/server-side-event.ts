import { createSid } from "../../ids.ts";
import { MAX_ANSWER_BYTES, toMessagesBytes } from "../../state/row-limits.ts";
import { Question } from "../rooms/ack-question.ts";
import { answerCallback, splitCallback, type Responses } from "../rooms/ack-callback.ts";
import { effectTurn, effectTurnIfServed } from "../../engine/turn-for-effect.ts";
import { CoreError } from "../../engine/errors.ts";
import { callListener } from "../replay/handler.ts";
import type { PacketPorts } from "./packet-ports.ts";
import { HandlerAck } from "./handler-ack.ts";
import { recorded } from "../replay/recorded-result.ts";
import type { Letter } from "../../engine/letter.ts";
import { pack, unpack } from "../replay/packed-value.ts";
import { currentContext, type Turn } from "../../engine/turn.ts";
import { livingTurn } from "../../engine/turn-for-effect.ts";

const WAIT_MS = 5_000;
/** A letter is at most 256 KB in direct ordering, and its text is a third longer than what it says. */
const MAX_PACKED_BYTES = 240 * 1024;
const reserved: ReadonlySet<string> = new Set(["connect", "connection", "new_namespace"]);

type EventAndValues = readonly [event: string, ...values: unknown[]];

/**
 * Runs the listeners of `io.on(event)` once, in an invocation of its own. Official servers tell each other this way;
 * here there are no others, and what is left of it is useful by itself: work that outlives the packet that caused it.
 * Like every letter it is handed over again when its instance crashes. A function as the last value is called with an
 * error or `null`, and the answers.
 *
 * @throws {CoreError} `core.reserved_server_event`, `core.server_event_too_large`
 */
export function emitServerSide(
  internals: PacketPorts,
  nsp: string,
  [event, ...args]: readonly [event: string, ...args: unknown[]],
): void {
  const { values, callback } = splitCallback(args);
  const packed = packEvent([event, ...values]);
  const turn = effectTurnIfServed(internals, "serverSideEmit", { event, nsp });
  if (callback === undefined) {
    if (turn) void turn.order(() => internals.runtime.mailbox.send(toLetter(internals, nsp, packed)));
    return;
  }
  const where = { event, nsp, socketId: "" };
  const asking = currentContext()?.turn ?? turn;
  const asked = internals.isServed
    ? recordedAnswers(internals, turn, nsp, packed)
    : askServerSide(internals, nsp, [event, ...values]);
  answerCallback(internals, asking, asked, callback, forCallback, where);
}

/** The same, resolving with the answers: one, since one invocation runs the listeners. Rejects when there is none. */
export async function askServerSide(
  internals: PacketPorts,
  nsp: string,
  event: EventAndValues,
): Promise<Responses> {
  const packed = packEvent(event);
  const turn = effectTurn(internals.runtime);
  const asked = recordedAnswers(internals, turn, nsp, packed);
  turn?.follow(asked.catch(() => undefined));
  return asked;
}

const forCallback = {
  result: (responses: Responses): readonly unknown[] => [null, responses],
  error: (error: unknown): readonly unknown[] => [error, []],
};

function recordedAnswers(
  internals: PacketPorts,
  turn: Turn | undefined,
  nsp: string,
  packed: string,
): Promise<Responses> {
  if (turn === undefined) return recorded(() => new Promise<never>(() => undefined), "refuse");
  const question = new Question(internals.runtime, internals.codec, nsp, turn, WAIT_MS);
  return recorded(async () => {
    const letter = toLetter(internals, nsp, packed, question.id);
    await turn.order(async () => {
      await question.expect([letter.sid]);
      await internals.runtime.mailbox.send(letter);
    });
    const { answers, missing } = await question.answers();
    if (missing === 0) return answers.map(([first]) => first);
    const why = "timeout reached: only 0 responses received out of 1";
    throw Object.assign(new CoreError("core.ack_timeout", why), { responses: [] });
  }, "refuse");
}

function packEvent([event, ...values]: EventAndValues): string {
  if (reserved.has(event)) {
    throw new CoreError("core.reserved_server_event", `"${event}" is a reserved event name`, {
      evidence: { event },
    });
  }
  const packed = pack([event, ...values]);
  if (packed.length <= MAX_PACKED_BYTES) return packed;
  throw new CoreError(
    "core.server_event_too_large",
    `expected an event for the server of up to ${MAX_PACKED_BYTES} bytes as base64, got ${packed.length}`,
    { evidence: { event, bytes: packed.length } },
  );
}

function toLetter(
  { runtime }: PacketPorts,
  nsp: string,
  packed: string,
  ackId?: number,
): Letter & { kind: "serverSide" } {
  const atMs = runtime.clock.nowMs();
  return {
    kind: "serverSide",
    sid: createSid(atMs),
    nsp,
    packed,
    ...(ackId === undefined ? {} : { ackId }),
    atMs,
  };
}

/** Such a letter, arrived. */
export async function onServerSide(
  internals: PacketPorts,
  letter: Letter & { kind: "serverSide" },
  turn: Turn,
): Promise<void> {
  const { nsp: name, ackId } = letter;
  const [event, ...values] = unpack(letter.packed) as [string, ...unknown[]];
  turn.describe("server-side", `event ${JSON.stringify(event)}`);
  const nsp = internals.namespace(name, undefined);
  const listeners = nsp?.rawListeners(event) ?? [];
  if (ackId === undefined) {
    for (const listener of listeners) void call(listener, values);
    return;
  }
  const answer = new Answer(internals, { ...letter, ackId }, turn);
  const called = listeners.map((listener) => call(listener, [...values, answer.send]));
  const running = called.filter((handler) => handler !== undefined);
  if (called.length > 0) turn.follow(answer.waitFor(running));

  function call(listener: (typeof listeners)[number], args: readonly unknown[]): Promise<void> | undefined {
    return callListener(internals, turn, nsp, listener, args, { event, nsp: name, socketId: "" });
  }
}

/** The acknowledgement of such an event. The first call answers; later ones do nothing. */
class Answer {
  readonly #internals: PacketPorts;
  readonly #question: Letter & { kind: "serverSide" } & { readonly ackId: number };
  readonly #turn: Turn;
  readonly #ack = new HandlerAck();

  constructor(
    internals: PacketPorts,
    question: Letter & { kind: "serverSide" } & { readonly ackId: number },
    turn: Turn,
  ) {
    this.#internals = internals;
    this.#question = question;
    this.#turn = turn;
  }

  /** @throws {CoreError} `core.ack_too_large`; and what cannot be encoded */
  readonly send = (...args: unknown[]): void => {
    if (this.#ack.isSent) return;
    const { runtime, codec } = this.#internals;
    const { ackId, nsp, sid } = this.#question;
    const messages = codec.encode({ type: "ack", nsp, id: ackId, args });
    const bytes = toMessagesBytes(messages);
    if (bytes > MAX_ANSWER_BYTES) {
      throw new CoreError(
        "core.ack_too_large",
        `expected an answer of up to ${MAX_ANSWER_BYTES} bytes, got ${bytes}`,
        { evidence: { bytes } },
      );
    }
    this.#ack.markSent();
    const turn = livingTurn(this.#turn);
    turn.track(runtime.store.saveAnswer({ ackId, nsp, sid, messages, atMs: runtime.clock.nowMs() }));
  };

  waitFor(handlers: readonly Promise<void>[]): Promise<void> {
    return this.#ack.waitFor(this.#internals, handlers);
  }
}
