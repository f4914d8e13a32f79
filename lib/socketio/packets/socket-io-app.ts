import { EventEmitter } from "node:events";
import type { LogFields } from "../../log.ts";
import type { DisconnectReason } from "../../protocol/reasons.ts";
import { receiveMessage } from "../../protocol/reassembly.ts";
import { ProtocolError } from "../../protocol/errors.ts";
import type { Packet, PacketCodec } from "../../protocol/packet.ts";
import type { SessionSnapshot } from "../../state/records.ts";
import { roomsInOrder } from "../../state/rooms-in-order.ts";
import type { SocketRooms } from "../../state/store.ts";
import { readAnswer, saveAnswer } from "./client-acks.ts";
import type { AckFrame, AckOutcome, ConnectionError, EngineApp, EngineEvents } from "../../engine/engine.ts";
import type { EngineRequest } from "../../engine/polling/http.ts";
import type { ResolvedEngineOptions } from "../../engine/engine-options.ts";
import { revisions } from "./protocol-revision.ts";
import type { PacketPorts } from "./packet-ports.ts";
import { laneOf, type Letter } from "../../engine/letter.ts";
import { protocolOf } from "../../ids.ts";
import { toAckPrefix } from "../../protocol/dialect.ts";
import { countUnaskedAck } from "../../engine/payload-limits.ts";
import { mayLook } from "../live/live-port.ts";
import { onConnect } from "./on-connect.ts";
import { leaveCountedRooms, onKick, onLeave, onSessionClosing } from "./on-disconnect.ts";
import { onEvent } from "./on-event.ts";
import { onViolation } from "./on-violation.ts";
import { onServerSide } from "./server-side-event.ts";
import type { Runtime } from "../../engine/runtime.ts";
import type { Session } from "../../engine/session.ts";
import { SocketState, toReporter } from "../replay/socket-state.ts";
import { saveSockets, socketsOf } from "../replay/session-sockets.ts";
import { tellAgain } from "../rooms/room-changes.ts";
import { noteOwned } from "../shared/owned-entries.ts";
import type { Turn } from "../../engine/turn.ts";

/** Events of `io.engine`. */
export interface IoEngineEvents {
  initial_headers: [headers: Record<string, string | string[]>, request: EngineRequest];
  headers: [headers: Record<string, string | string[]>, request: EngineRequest];
  connection_error: [error: ConnectionError];
}

/** Socket.IO as what is done with the messages of an Engine.IO session. */
export class SocketIoApp extends EventEmitter<IoEngineEvents> implements EngineApp {
  readonly events: EngineEvents = {
    emitHeaders: (event, headers, request) => this.emit(event, headers, request),
    emitConnectionError: (error) => this.emit("connection_error", error),
  };
  /** Clients of Socket.IO 2 are in the default namespace without asking. */
  readonly assumedFrame = "40";
  options: ResolvedEngineOptions;
  readonly codec: PacketCodec;
  readonly #internals: PacketPorts;
  /** The namespace whose packet a turn handles. */
  readonly #nsps = new WeakMap<Turn, string>();
  readonly #onBind: (runtime: Runtime) => void;

  constructor(internals: PacketPorts, options: ResolvedEngineOptions, onBind: (runtime: Runtime) => void) {
    super();
    this.#internals = internals;
    this.options = options;
    this.codec = internals.codec;
    this.#onBind = onBind;
  }

  bind(runtime: Runtime): void {
    this.#onBind(runtime);
  }

  onBatch(letters: readonly Letter[]): void {
    const { live } = this.#internals;
    if (live === undefined) return;
    const isMain = ({ sid }: Letter) => toAckPrefix(this.codec, protocolOf(sid));
    if (letters.some((letter) => mayLook(letter, laneOf(letter, isMain(letter)) === "main")))
      live.begin(this.#internals);
  }

  onRequest(): Promise<void> | undefined {
    const { live } = this.#internals;
    live?.begin(this.#internals);
    return live?.ready();
  }

  resume(session: Session, { sockets, joined, owned }: SessionSnapshot): void {
    for (const record of sockets) {
      const auth = session.auths.find((other) => other.socketId === record.socketId)?.auth ?? {};
      const state = new SocketState(session.sid, record, {
        rooms: roomsInOrder(record, joined),
        auth,
        connected: true,
        kept: session.handshake.request,
        onUnstorable: toReporter(this.#internals, record),
      });
      noteOwned(state, owned);
      socketsOf(session).set(record.nsp, state);
    }
  }

  onMessage(session: Session, data: string | Buffer, turn: Turn): Promise<void> | void {
    turn.owner = session;
    const reading = this.#internals.live?.ready();
    return reading === undefined
      ? this.#onMessage(session, data, turn)
      : reading.then(() => this.#onMessage(session, data, turn));
  }

  #onMessage(session: Session, data: string | Buffer, turn: Turn): Promise<void> | void {
    this.#internals.observer?.observe(turn, { kind: "message", bytes: Buffer.byteLength(data) });
    const received = this.#receive(session, data);
    if (received === undefined) return;
    return "packet" in received
      ? this.#onPacket(session, received.packet, turn)
      : onViolation(this.#internals, session, turn, received.violation);
  }

  async onAck({ sid, text, atMs }: AckFrame): Promise<AckOutcome | undefined> {
    if (Buffer.byteLength(text) > this.options.maxPayloadBytes) return undefined;
    const answer = readAnswer(this.codec, sid, text);
    if (answer === undefined) return undefined;
    this.#internals.runtime.metrics.add("PacketsReceived", 1, "ack");
    const { packet, message } = answer;
    return {
      isSaved: await saveAnswer(this.#internals, sid, packet, [message], atMs),
      isAllowed: (session) => socketsOf(session).has(packet.nsp),
    };
  }

  async onServerSide(letter: Letter & { kind: "serverSide" }, turn: Turn): Promise<void> {
    await this.#internals.live?.ready();
    return onServerSide(this.#internals, letter, turn);
  }

  async onTimer(
    letter: Letter & { kind: "timer" },
    turn: Turn,
    receivedAtMs: number | undefined,
  ): Promise<void> {
    await this.#internals.live?.ready();
    return this.#internals.timers.run(letter, turn, receivedAtMs);
  }

  async onMinute(): Promise<void> {
    void this.#internals.observer?.onMinute();
    await this.#internals.timers.onMinute();
  }

  onUpgraded(session: Session, turn: Turn): void {
    this.#internals.observer?.observe(turn, { kind: "upgraded", states: [...socketsOf(session).values()] });
  }

  async onKick(session: Session, letter: Letter & { kind: "kick" }, turn: Turn): Promise<void> {
    turn.owner = session;
    await this.#internals.live?.ready();
    await onKick(this.#internals, session, turn, letter);
  }

  async onClosing(session: Session, reason: DisconnectReason, turn: Turn): Promise<() => void> {
    turn.owner = session;
    await this.#internals.live?.ready();
    return onSessionClosing(this.#internals, session, turn, reason);
  }

  onLeaving(sessions: readonly Session[], turn: Turn): Promise<void> {
    return leaveCountedRooms(this.#internals, sessions, turn);
  }

  /** Only where a listener may be, and where there are live values: each costs a read. */
  async onRedelivered(letterId: string, turn: Turn): Promise<void> {
    await this.#internals.live?.recall(turn, letterId);
    if (this.#internals.mayHearRooms()) await tellAgain(this.#internals, turn, letterId);
  }

  memberships(session: Session): readonly SocketRooms[] {
    return [...socketsOf(session).values()].map((state) => ({
      nsp: state.nsp,
      socketId: state.id,
      // Those that are counted it leaves in `onLeaving`.
      rooms: state.counted ? [] : state.joinedRooms,
      owned: [...state.owned.values()],
    }));
  }

  save(session: Session, turn: Turn | undefined): Promise<void> | undefined {
    const { observer, runtime } = this.#internals;
    const saved = saveSockets(runtime.store, session);
    if (observer === undefined || turn === undefined) return saved;
    const tellNews = () => {
      for (const state of socketsOf(session).values())
        if (state.takeDataNews()) observer.observe(turn, { kind: "data", state });
    };
    if (saved !== undefined) return saved.then(tellNews);
    tellNews();
    return undefined;
  }

  logFields(session: Session, turn: Turn): LogFields {
    const nsp = this.#nsps.get(turn);
    if (nsp === undefined) return {};
    const socketId = socketsOf(session).get(nsp)?.id;
    return { nsp, ...(socketId === undefined ? {} : { socketId }) };
  }

  /** A whole packet, or what was wrong with it; undefined while attachments are missing. */
  #receive(
    session: Session,
    data: string | Buffer,
  ): { readonly packet: Packet } | { readonly violation: ProtocolError | undefined } | undefined {
    try {
      const received = receiveMessage(this.codec, session.pending, data);
      if ("packet" in received) {
        if (session.pending) session.setPending(undefined);
        return { packet: revisions[session.record.protocol].read(received.packet) };
      }
      if (this.#internals.runtime.isOrdered) {
        session.setPending(received.pending);
        return undefined;
      }
      this.#internals.runtime.logger.warn(
        "binary needs the order of the mailbox, which direct ordering lacks",
        { code: "core.binary_without_order" },
      );
      return { violation: undefined };
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      this.#internals.runtime.logger.info("a client broke the protocol; its session is closed", {
        code: error.code,
        reason: error.message,
      });
      return { violation: error };
    }
  }

  /** With attachments, so it came in the main lane. What nobody asked for is refused there, and ignored. */
  async #onBinaryAnswer(session: Session, packet: Packet & { type: "ack" }, turn: Turn): Promise<void> {
    const { runtime } = this.#internals;
    const messages = this.codec.encode(packet);
    const isSaved = await saveAnswer(this.#internals, session.sid, packet, messages, runtime.clock.nowMs());
    if (!isSaved) countUnaskedAck(runtime, session, turn);
  }

  #onPacket(session: Session, packet: Packet, turn: Turn): Promise<void> | void {
    this.#nsps.set(turn, packet.nsp);
    this.#internals.runtime.metrics.add("PacketsReceived", 1, packet.type);
    if (packet.type === "connect") return onConnect(this.#internals, session, packet, turn);
    const state = socketsOf(session).get(packet.nsp);
    if (state === undefined) return session.close(turn, "forced close");
    switch (packet.type) {
      case "event":
        return onEvent(this.#internals, session, state, packet, turn);
      case "disconnect":
        return onLeave(this.#internals, session, turn, state);
      case "ack":
        return this.#onBinaryAnswer(session, packet, turn);
      case "connect_error":
        return session.close(turn, "forced close");
      default:
        packet satisfies never;
    }
  }
}
