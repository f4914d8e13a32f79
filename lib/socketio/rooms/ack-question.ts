import { randomInt } from "node:crypto";
import { toSeconds } from "../../clock.ts";
import type { Sid } from "../../ids.ts";
import { PacketFrames } from "../../protocol/dialect.ts";
import { assertPostable } from "../../protocol/frame.ts";
import { assertEmittable } from "../../protocol/reserved-events.ts";
import type { PacketCodec } from "../../protocol/packet.ts";
import { receiveMessage, type PendingPacket } from "../../protocol/reassembly.ts";
import type { AnswerRecord } from "../../state/ack-store.ts";
import { CoreError } from "../../engine/errors.ts";
import type { Runtime } from "../../engine/runtime.ts";
import type { Turn } from "../../engine/turn.ts";

/** A program that answers has done so by then, or it is further away: two reads for whatever comes within 50 ms. */
const FIRST_READ_MS = 8;
const SECOND_READ_MS = 50;
const LONGEST_READ_MS = 200;
/** A question to many is read as a whole each time, so less often. */
const LONGEST_READ_OF_MANY_MS = 500;
const MANY = 25;
/** Who takes long to answer, a person say, is looked after less and less often: by a tenth of the time so far. */
const PATIENCE = 10;
/** What an invocation keeps of its time for what the app does with the answers. */
const RESERVE_MS = 2_000;
/** Outside of any invocation nothing else ends a wait without a time. */
const LONGEST_WAIT_MS = 60_000;
/** Rows of answers outlive the wait, so that a late answer is no news of a row that is gone. */
const KEEP_MS = 60_000;

/**
 * Whole numbers from 0 to 2^31 - 1: the official Java client keeps ids as such and takes any other for a broken
 * packet. They need not be secret, since only who was asked has a row to answer into; and should two questions draw
 * the same number, each counts its own recipients alone.
 */
const createAckId = (): number => randomInt(2 ** 31);

/**
 * A question to clients, and the wait for their answers.
 *
 *     turn      writes a row for each client that is asked, posts the packet with the id, reads
 *     client    answers with the id, in a message group of its own
 *     that      one conditional write into the row of its own session; nobody else can write there
 *     turn      reads again: everyone has answered, or time is up
 */
export class Question {
  readonly id = createAckId();
  /** When waiting ends: after the time given, or shortly before the invocation does. */
  readonly untilMs: number;
  readonly #askedAtMs: number;
  readonly #isCutShort: boolean;
  readonly #runtime: Runtime;
  readonly #codec: PacketCodec;
  readonly #nsp: string;
  readonly #waitMs: number;
  readonly #waitingFor = new Set<Sid>();

  constructor(runtime: Runtime, codec: PacketCodec, nsp: string, turn: Turn, timeoutMs: number) {
    const nowMs = runtime.clock.nowMs();
    // As for a timer: what is no number is no time.
    const waitMs = Number.isNaN(timeoutMs) ? 0 : Math.max(0, timeoutMs);
    const longestMs = Number.isFinite(waitMs) ? waitMs : LONGEST_WAIT_MS;
    const latestMs = turn.deadlineMs === undefined ? nowMs + longestMs : turn.deadlineMs - RESERVE_MS;
    this.#isCutShort = turn.deadlineMs !== undefined && nowMs + waitMs > latestMs;
    this.#askedAtMs = nowMs;
    this.untilMs = Math.max(nowMs, Math.min(nowMs + waitMs, latestMs));
    this.#runtime = runtime;
    this.#codec = codec;
    this.#nsp = nsp;
    this.#waitMs = waitMs;
  }

  /** Must be awaited before these sessions are sent the packet. */
  async expect(sids: readonly Sid[]): Promise<void> {
    for (const sid of sids) this.#waitingFor.add(sid);
    if (sids.length === 0) return;
    await this.#runtime.store.expectAnswers({
      ackId: this.id,
      nsp: this.#nsp,
      sids,
      expiresAtSeconds: toSeconds(this.untilMs + KEEP_MS),
    });
  }

  /** That client was not reached, so it will not answer. */
  forget(sid: Sid): void {
    this.#waitingFor.delete(sid);
  }

  /**
   * Waits for all who were asked. Resolves with the arguments of each answer, in the order in which the gateway took
   * them, and how many are missing.
   */
  async answers(): Promise<{ readonly answers: readonly (readonly unknown[])[]; readonly missing: number }> {
    const { store, clock } = this.#runtime;
    const longestMs = this.#waitingFor.size > MANY ? LONGEST_READ_OF_MANY_MS : LONGEST_READ_MS;
    let records: readonly AnswerRecord[] = [];
    for (let delayMs = FIRST_READ_MS, reads = 1; this.#waitingFor.size > 0; reads++) {
      const leftMs = this.untilMs - clock.nowMs();
      if (leftMs > 0) await clock.sleep(Math.min(delayMs, leftMs));
      const nowMs = clock.nowMs();
      records = await store.listAnswers(this.id);
      if (nowMs >= this.untilMs || this.#countMissing(records) === 0) break;
      delayMs =
        reads === 1
          ? SECOND_READ_MS - FIRST_READ_MS
          : Math.max(Math.min(delayMs * 2, longestMs), (nowMs - this.#askedAtMs) / PATIENCE);
    }
    const inOrder = records
      .filter(({ sid }) => this.#waitingFor.has(sid))
      .toSorted((a, b) => a.atMs - b.atMs);
    const missing = this.#countMissing(records);
    this.#runtime.metrics.add("AcksAwaited", this.#waitingFor.size);
    if (missing > 0) this.#runtime.metrics.add("AcksMissed", missing);
    return { answers: inOrder.map((record) => this.#read(record)), missing };
  }

  /** What the app is told when not everybody has answered. The first is Socket.IO's own wording. */
  toError(): CoreError {
    if (!this.#isCutShort) return new CoreError("core.ack_timeout", "operation has timed out");
    return new CoreError(
      "core.ack_cut_short",
      `expected an acknowledgement within ${describeMs(this.#waitMs)}, but this invocation ends before that; ` +
        "operation has timed out: wait for less, or give the function more time",
      { evidence: { untilMs: this.untilMs } },
    );
  }

  #countMissing(records: readonly AnswerRecord[]): number {
    const answered = new Set(records.map(({ sid }) => sid));
    return [...this.#waitingFor].filter((sid) => !answered.has(sid)).length;
  }

  #read({ messages }: AnswerRecord): readonly unknown[] {
    let pending: PendingPacket | undefined;
    for (const message of messages) {
      const received = receiveMessage(this.#codec, pending, message);
      if ("packet" in received) return received.packet.type === "ack" ? received.packet.args : [];
      pending = received.pending;
    }
    return [];
  }
}

const describeMs = (ms: number): string => (Number.isFinite(ms) ? `${ms} ms` : "any time");

/** An event that is to be acknowledged, as frames for the wire. Throws before anything is sent: reserved name, over 128 KB. */
export function encodeQuestion(
  codec: PacketCodec,
  nsp: string,
  event: string,
  args: readonly unknown[],
  id: number,
): PacketFrames {
  assertEmittable(event);
  const frames = new PacketFrames(codec.encode({ type: "event", nsp, id, args: [event, ...args] }));
  assertPostable(frames.in(4));
  return frames;
}
