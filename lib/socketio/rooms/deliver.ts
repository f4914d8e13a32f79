import type { DeliveryOutcome, Sent } from "../../engine/outbound/outbound.ts";
import type { Runtime } from "../../engine/runtime.ts";
import type { Turn } from "../../engine/turn.ts";
import type { PacketFrames } from "../../protocol/dialect.ts";
import type { Listed } from "./audience.ts";

/** One recipient's copy, and what its outcome says of the row that named the recipient. */
export function deliver(
  runtime: Runtime,
  turn: Turn,
  nsp: string,
  listed: Listed,
  frames: PacketFrames,
  volatile: boolean,
): Promise<DeliveryOutcome> {
  const { sid, route, protocol } = listed.member;
  const sending = runtime.outbound.send({ sid, route }, frames.in(protocol), volatile);
  return sending.then((sent) => conclude(runtime, turn, nsp, listed, sent));
}

/** One packet to many, each its own delivery, and one promise for all of them. */
export class Deliveries {
  /** Begun so far. */
  count = 0;
  readonly #runtime: Runtime;
  readonly #turn: Turn;
  readonly #nsp: string;
  readonly #frames: PacketFrames;
  readonly #volatile: boolean;
  #open = 0;
  #failure: { readonly error: unknown } | undefined;
  #onSettled: (() => void) | undefined;
  #settled: Promise<boolean> | undefined;
  readonly #end = (): void => {
    this.#open -= 1;
    if (this.#open === 0) this.#onSettled?.();
  };
  readonly #fail = (error: unknown): void => {
    this.#failure ??= { error };
    this.#end();
  };

  constructor(runtime: Runtime, turn: Turn, nsp: string, frames: PacketFrames, volatile: boolean) {
    this.#runtime = runtime;
    this.#turn = turn;
    this.#nsp = nsp;
    this.#frames = frames;
    this.#volatile = volatile;
  }

  begin(listed: Listed): void {
    const { sid, route, protocol } = listed.member;
    const frames = this.#frames.in(protocol);
    this.count += 1;
    this.#open += 1;
    this.#runtime.outbound.send({ sid, route }, frames, this.#volatile).then((sent) => {
      const amended = conclude(this.#runtime, this.#turn, this.#nsp, listed, sent);
      if (amended instanceof Promise) amended.then(this.#end, this.#fail);
      else this.#end();
    }, this.#fail);
  }

  /** Resolves, never rejects, when all are over with: whether none of them failed. None begins after that was asked. */
  settled(): Promise<boolean> {
    return (this.#settled ??= new Promise((resolve) => {
      this.#onSettled = () => resolve(this.#failure === undefined);
      if (this.#open === 0) this.#onSettled();
    }));
  }

  /** What the first to fail has failed of. */
  throwFirst(): void {
    if (this.#failure !== undefined) throw this.#failure.error;
  }
}

/** Counts it, and puts right what it shows of the row that named the recipient. */
function conclude(
  runtime: Runtime,
  turn: Turn,
  nsp: string,
  listed: Listed,
  sent: Sent,
): DeliveryOutcome | Promise<DeliveryOutcome> {
  turn.tally[sent.outcome] += 1;
  const isAsRead = sent.outcome !== "gone" && sent.movedTo === undefined;
  return isAsRead ? sent.outcome : amend(runtime, nsp, listed, sent);
}

async function amend(
  { store }: Runtime,
  nsp: string,
  { member, room }: Listed,
  { outcome, movedTo }: Sent,
): Promise<DeliveryOutcome> {
  const { sid, route } = member;
  // A counted member leaves with its session, for whoever takes it out of the room has to tell so.
  if (outcome === "gone" && !member.counted) await store.deleteMemberIfRoute(nsp, room, sid, route);
  // The session was upgraded after it had joined. The row is put right by whoever is the first to notice.
  if (movedTo !== undefined) await store.repairRoute(nsp, room, sid, route, movedTo);
  return outcome;
}
