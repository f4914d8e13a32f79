import type { Server as HttpServer } from "node:http";
import type { Sid } from "../ids.ts";
import type { LogFields } from "../log.ts";
import type { PacketCodec } from "../protocol/packet.ts";
import type { DisconnectReason } from "../protocol/reasons.ts";
import type { SessionSnapshot } from "../state/records.ts";
import type { SocketRooms } from "../state/store.ts";
import {
  engineOptionNames,
  rejectUnknownOptions,
  resolveEngineOptions,
  type EngineOptions,
  type ResolvedEngineOptions,
} from "./engine-options.ts";
import type { EngineMiddleware } from "./handshake/engine-middlewares.ts";
import type { EngineRequest } from "./polling/http.ts";
import type { Letter } from "./letter.ts";
import type { Runtime } from "./runtime.ts";
import type { Session } from "./session.ts";
import type { Turn } from "./turn.ts";

/**
 * What to do with the messages of Engine.IO sessions. Socket.IO is one such value (`Server`), a bare echo another.
 * A module that nonsticky serves exports one of them: `io`, or `engine`.
 */
export interface EngineApp {
  readonly options: ResolvedEngineOptions;
  /** Listeners of `io.engine`: may change the headers of an answer, or hear of a refusal. */
  readonly events?: EngineEvents;
  /** What every client of protocol 3 is taken to have sent first. */
  readonly assumedFrame?: string;
  /** How packets become messages, where it is not by the stock parser. */
  readonly codec?: PacketCodec;
  /** The app's own, that it is attached to: answers whatever is not under the server's path. */
  readonly httpServer?: HttpServer | undefined;
  /** Run over each HTTP request and each WebSocket's, before anything else looks at it. */
  readonly middlewares?: readonly EngineMiddleware[];
  /** Given once per process, before any letter. */
  bind(runtime: Runtime): void;
  /** Letters have come: what all of them look at may be read beside their sessions. */
  onBatch?(letters: readonly Letter[]): void;
  /** Before a request to `httpServer`: the same for it. */
  onRequest?(): Promise<void> | undefined;
  /** Called once per batch, with what was read of the session, before its letters. */
  resume?(session: Session, snapshot: SessionSnapshot): void;
  /**
   * A session has begun: before any message of it, and again where an instance crashed meanwhile. Without it no letter
   * is sent and nothing is read.
   */
  onOpened?(session: Session, turn: Turn): Promise<void>;
  /**
   * One message. Resolves, or returns, when the next one may start, with whatever it has begun going on in the turn.
   * A rejection is an outage: the message counts as not handled.
   */
  onMessage(session: Session, data: string | Buffer, turn: Turn): Promise<void> | void;
  /** The client has moved to a WebSocket. */
  onUpgraded?(session: Session, turn: Turn): void;
  /** An ack out of the lane of acks, read without its session. Undefined: the frame is no ack, or breaks the rules. */
  onAck?(frame: AckFrame): Promise<AckOutcome | undefined>;
  /** A letter comes again, for the instance crashed that had it: before anything else is done about it. */
  onRedelivered?(letterId: string, turn: Turn): Promise<void>;
  /** An event for the server itself. */
  onServerSide?(letter: Letter & { kind: "serverSide" }, turn: Turn): Promise<void>;
  /** A timer is due. Resolves when its handler has ended, with all that it has begun; a rejection has it come again. */
  onTimer?(letter: Letter & { kind: "timer" }, turn: Turn, receivedAtMs: number | undefined): Promise<void>;
  /** About once a minute, in one process of the deployment. */
  onMinute?(): Promise<void>;
  /** The server ends one socket from elsewhere. */
  onKick?(session: Session, letter: Letter & { kind: "kick" }, turn: Turn): Promise<void>;
  /**
   * The session ends: what the app does while its memberships still stand. What it resolves with is run after they
   * are gone.
   */
  onClosing(session: Session, reason: DisconnectReason, turn: Turn): Promise<() => void>;
  /**
   * Between the two halves: takes the session out of what `memberships` leaves to the app. Of both sessions, as the turns
   * before have left it and as it is in the table.
   */
  onLeaving?(sessions: readonly Session[], turn: Turn): Promise<void>;
  /** What of the session other rows speak of, so that they can be deleted. */
  memberships(session: Session): readonly SocketRooms[];
  /** Writes what has changed in memory and is not in the table yet. `turn`: one that may have changed it. */
  save?(session: Session, turn: Turn | undefined): Promise<void> | undefined;
  /** What every line that a turn logs tells of what it is about. */
  logFields?(session: Session, turn: Turn): LogFields;
}

/** A frame out of the lane of acks. */
export interface AckFrame {
  readonly sid: Sid;
  readonly text: string;
  readonly atMs: number;
}

export interface AckOutcome {
  /** Whether somebody waited for it. */
  readonly isSaved: boolean;
  /** Asked of one that nobody waited for: whether its session may send it at all. */
  isAllowed(session: Session): boolean;
}

/** What `io.engine.on` knows of, where there is HTTP to speak of. */
export interface EngineEvents {
  /** `initial_headers`: of the first answer of a session. `headers`: of every answer. They may be changed in place. */
  emitHeaders(event: "initial_headers" | "headers", headers: AnswerHeaders, request: EngineRequest): void;
  emitConnectionError(error: ConnectionError): void;
}

export type AnswerHeaders = Record<string, string | string[]>;

/** Why a client was not let in. */
export interface ConnectionError {
  readonly req: Pick<EngineRequest, "headers" | "query" | "method" | "url">;
  readonly code: number;
  readonly message: string;
  /** Of Engine.IO: what of the request was wrong. Never there: code and message say it. */
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- as in Engine.IO
  readonly context?: any;
}

/** One client of a bare engine app. */
export interface EngineSession {
  readonly id: string;
  /** A string or bytes; bytes travel as base64 text. */
  send(data: string | Uint8Array): void;
  close(): void;
}

export interface BareEngineOptions extends EngineOptions {
  /**
   * A session has begun. Its messages wait until this is done, and what it sends comes first. Called again if an
   * instance crashes during it, as `onMessage` is not: that closes its session.
   */
  onConnection?: (session: EngineSession) => unknown;
  onMessage: (session: EngineSession, data: string | Buffer) => unknown;
  /** Also of a session that went before `onConnection` could be called. */
  onClose?: (session: EngineSession, reason: DisconnectReason) => unknown;
  /** `initial_headers`: changes, in place, the headers of the first answer of a session that begins with polling. */
  onInitialHeaders?: (headers: AnswerHeaders, request: EngineRequest) => void;
  /** `headers`: those of every answer to a polling client, the first included. Refusals are none. */
  onHeaders?: (headers: AnswerHeaders, request: EngineRequest) => void;
  /** `connection_error`: a polling client was refused. */
  onConnectionError?: (error: ConnectionError) => void;
}

/**
 * An Engine.IO server without Socket.IO on top.
 *
 * @example
 * export const engine = createEngine({
 *   onConnection: (session) => session.send("welcome"),
 *   onMessage: (session, data) => session.send(data),
 * });
 */
export function createEngine(options: BareEngineOptions): EngineApp {
  rejectUnknownOptions("createEngine", options, [...engineOptionNames, ...hookNames]);
  const { onConnection } = options;
  return {
    options: resolveEngineOptions(options, process.env),
    events: {
      emitHeaders: (event, headers, request) =>
        (event === "headers" ? options.onHeaders : options.onInitialHeaders)?.(headers, request),
      emitConnectionError: (error) => options.onConnectionError?.(error),
    },
    bind: () => undefined,
    ...(onConnection && {
      onOpened: async (session, turn) => {
        await turn.run("live", () => onConnection(toBare(session, turn)));
      },
    }),
    onMessage: async (session, data, turn) => {
      await turn.run("live", () => options.onMessage(toBare(session, turn), data));
    },
    onClosing: async (session, reason, turn) => {
      await turn.run("live", () => options.onClose?.(toBare(session, turn), reason));
      return () => undefined;
    },
    memberships: () => [],
  };
}

const hookNames = [
  "onConnection",
  "onMessage",
  "onClose",
  "onInitialHeaders",
  "onHeaders",
  "onConnectionError",
] as const satisfies readonly (keyof BareEngineOptions)[];

const toBare = (session: Session, turn: Turn): EngineSession => ({
  id: session.sid,
  send: (data) => session.send(turn, data),
  close: () => session.close(turn, "forced close"),
});
