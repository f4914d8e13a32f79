import { askSession, type Ask } from "./rooms/ask.ts";
import { abandon, answerCallback, CALLBACK_WAIT_MS, splitCallback } from "./rooms/ack-callback.ts";
import type { EmitFlags } from "./rooms/broadcast.ts";
import { callHandler } from "./replay/handler.ts";
import { recorded } from "./replay/recorded-result.ts";
import { emitToSession } from "./rooms/publish.ts";
import type { Session } from "../engine/session.ts";
import type { HandlingSocket } from "./replay/replay-ports.ts";
import type { SocketState } from "./replay/socket-state.ts";
import type { Listener } from "./replay/typed-events.ts";
import type { RoomPorts } from "./rooms/room-ports.ts";
import { currentContext, type Turn } from "../engine/turn.ts";

interface EmittingSocket extends HandlingSocket {
  readonly nsp: { readonly name: string; readonly internals: RoomPorts };
  readonly internalState: SocketState;
  listenersAnyOutgoing(): Listener<[event: string, ...args: unknown[]]>[];
}

/** What a socket's own code emits to it, with the flags that were set before. */
export class SocketEmits {
  readonly #socket: EmittingSocket;
  readonly #session: Session;
  readonly #effectTurn: () => Turn | undefined;
  #flags: EmitFlags = {};

  /** `effectTurn`: the turn that an effect belongs to; undefined where effects are inert. */
  constructor(socket: EmittingSocket, session: Session, effectTurn: () => Turn | undefined) {
    this.#socket = socket;
    this.#session = session;
    this.#effectTurn = effectTurn;
  }

  /** For the next emit. */
  addFlags(flags: EmitFlags): void {
    this.#flags = { ...this.#flags, ...flags };
  }

  takeFlags(): EmitFlags {
    const flags = this.#flags;
    this.#flags = {};
    return flags;
  }

  emit(event: string, args: readonly unknown[]): void {
    const { timeout, ...flags } = this.takeFlags();
    const { values, callback } = splitCallback(args);
    const { nsp, id: socketId, internalState } = this.#socket;
    const { internals } = nsp;
    if (callback === undefined) {
      emitToSession(internals, this.#session, internalState, this.#effectTurn(), [event, ...values], flags);
      this.#tellOutgoing(event, values);
      return;
    }
    const ask = this.#toAsk(event, values, { ...flags, timeout: timeout ?? CALLBACK_WAIT_MS });
    const turn = currentContext()?.turn ?? this.#effectTurn();
    const where = { event, nsp: nsp.name, socketId };
    answerCallback(
      internals,
      turn,
      recorded(ask, "refuse"),
      callback,
      timeout === undefined
        ? { result: (answer) => answer, error: (error) => abandon(internals, error, where) }
        : { result: (answer) => [null, ...answer], error: (error) => [error] },
      where,
    );
  }

  async emitWithAck(event: string, values: readonly unknown[]): Promise<readonly unknown[]> {
    const { timeout, ...flags } = this.takeFlags();
    const asked = recorded(this.#toAsk(event, values, { ...flags, timeout: timeout ?? Infinity }), "refuse");
    this.#effectTurn()?.follow(asked.catch(() => undefined));
    return asked;
  }

  #toAsk(
    event: string,
    values: readonly unknown[],
    flags: EmitFlags & { timeout: number },
  ): Ask<readonly unknown[]> {
    const turn = this.#effectTurn();
    // In a replay, where the answer of the live run is given instead.
    if (turn === undefined) return () => new Promise(() => undefined);
    const { nsp } = this.#socket;
    const ask = askSession(nsp.internals, this.#session, turn, nsp.name, [event, ...values], flags);
    this.#tellOutgoing(event, values);
    return ask;
  }

  #tellOutgoing(event: string, values: readonly unknown[]): void {
    const turn = this.#effectTurn();
    if (turn === undefined) return;
    const { nsp, id: socketId } = this.#socket;
    nsp.internals.observer?.observe(turn, {
      kind: "sent",
      nsp: nsp.name,
      socketId,
      args: [event, ...values],
    });
    for (const listener of this.#socket.listenersAnyOutgoing()) {
      void callHandler(this.#socket.nsp.internals, turn, this.#socket, event, listener, [event, ...values]);
    }
  }
}
