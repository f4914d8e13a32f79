import { createHash } from "node:crypto";
import type { Clock } from "../../lib/clock.ts";
import {
  firstOffset,
  toConnectionId,
  toSid,
  toSocketId,
  type Offset,
  type Sid,
  type SocketId,
} from "../../lib/ids.ts";
import type { AnswerRecord, Question } from "../../lib/state/ack-store.ts";
import { sessionExpiresAtSeconds } from "../../lib/state/expiry.ts";
import type {
  BeatRecord,
  HandshakeRecord,
  Member,
  Route,
  SessionRecord,
  SocketRecord,
  SweepRecord,
} from "../../lib/state/records.ts";
import type { GetRequest, OutboxAppend, ProbeRequest } from "../../lib/state/outbox.ts";
import type { LogRecord } from "../../lib/state/recovery-store.ts";
import type { ConnectRequest } from "../../lib/state/store.ts";

/** A morning on which all of these tests take place. */
export const START_MS = Date.UTC(2026, 2, 14, 9, 26, 53, 589);

/** A clock that moves when it is told to, and by what is slept. */
export interface OwnedClock extends Clock {
  set(nowMs: number): void;
  readonly slept: readonly number[];
}

export function createOwnedClock(nowMs = START_MS): OwnedClock {
  const slept: number[] = [];
  return {
    nowMs: () => nowMs,
    sleep: async (durationMs) => {
      slept.push(durationMs);
      nowMs += durationMs;
    },
    set: (to) => void (nowMs = to),
    slept,
  };
}

const EPOCH_MS = Date.UTC(2025, 0, 1);

/** The `index`th session id of a given moment: always the same one. */
export function sidOf(index: number, openedMs = START_MS): Sid {
  const bytes = Buffer.alloc(15);
  createHash("sha1").update(`sid ${index}`).digest().copy(bytes, 0, 0, 10);
  bytes.writeUIntBE(openedMs - EPOCH_MS, 10, 5);
  return toSid(bytes.toString("base64url"));
}

export const socketIdOf = (index: number): SocketId =>
  toSocketId(createHash("sha1").update(`socket ${index}`).digest("base64url").slice(0, 20));

export const connectionRoute = (id = "PJqB0fHsqRcCHlw="): Route => ({
  kind: "connection",
  connectionId: toConnectionId(id),
});

export const sessionOf = (sid: Sid, changes: Partial<SessionRecord> = {}): SessionRecord => ({
  sid,
  protocol: 4,
  transport: "websocket",
  connectionId: toConnectionId("PJqB0fHsqRcCHlw="),
  pingIntervalMs: 240_000,
  pingTimeoutMs: 120_000,
  phase: "open",
  expiresAtSeconds: sessionExpiresAtSeconds(sid),
  ...changes,
});

export function pollingSessionOf(sid: Sid, changes: Partial<SessionRecord> = {}): SessionRecord {
  const { connectionId: _, ...session } = sessionOf(sid);
  return { ...session, transport: "polling", ...changes };
}

export const handshakeOf = (changes: Partial<HandshakeRecord> = {}): HandshakeRecord => ({
  headers: { host: "chat.example", "user-agent": "test" },
  query: { EIO: "4", transport: "websocket" },
  address: "192.0.2.7",
  secure: true,
  xdomain: false,
  url: "/socket.io/?EIO=4&transport=websocket",
  issuedAtMs: START_MS,
  ...changes,
});

export const memberOf = (index: number, changes: Partial<Member> = {}): Member => ({
  sid: sidOf(index),
  socketId: socketIdOf(index),
  route: connectionRoute(),
  protocol: 4,
  ...changes,
});

export const connectOf = (
  index: number,
  nsp = "/",
  rooms: readonly string[] = [],
  changes: Partial<SocketRecord> = {},
): ConnectRequest => {
  const member = memberOf(index);
  const { sid, socketId } = member;
  const socket = { nsp, socketId, connectedAtMs: START_MS, data: {}, spent: [], ...changes };
  return { sid, socket, auth: { nsp, socketId, auth: { token: "t" } }, member, rooms };
};

export const beatOf = (sid: Sid, changes: Partial<BeatRecord> = {}): BeatRecord => ({
  sid,
  pingIntervalMs: 240_000,
  route: connectionRoute(),
  lastPongAtMs: START_MS,
  ...changes,
});

export const appendOf = (
  sid: Sid,
  frames: readonly string[],
  changes: Partial<OutboxAppend> = {},
): OutboxAppend => ({
  sid,
  frames,
  capBytes: 256 * 1024,
  onlyIfParked: false,
  nowMs: START_MS,
  ...changes,
});

/** A GET that is parked for 20 seconds. */
export const getOf = (sid: Sid, id: string, nowMs = START_MS): GetRequest => ({
  sid,
  id,
  nowMs,
  untilMs: nowMs + 20_000,
});

/** A WebSocket that has 10 seconds to take over. */
export const probeOf = (sid: Sid, id: string, nowMs = START_MS): ProbeRequest => ({
  sid,
  connectionId: toConnectionId(id),
  nowMs,
  untilMs: nowMs + 10_000,
});

/** A question to these sessions that is open for ten seconds, to the second. */
export const questionOf = (indexes: readonly number[], changes: Partial<Question> = {}): Question => ({
  ackId: 7,
  nsp: "/",
  sids: indexes.map((index) => sidOf(index)),
  expiresAtSeconds: Math.ceil(START_MS / 1000) + 10,
  ...changes,
});

export const answerOf = (
  index: number,
  messages: AnswerRecord["messages"],
  changes: Partial<AnswerRecord> = {},
): AnswerRecord => ({ ackId: 7, nsp: "/", sid: sidOf(index), messages, atMs: START_MS, ...changes });

/** The offset of a packet that began `index` milliseconds after the start: always the same one. */
export const offsetOf = (index: number): Offset =>
  `${firstOffset(START_MS + index)}0000-${String(index).padStart(8, "0")}` as Offset;

export const packetOf = (index: number, changes: Partial<LogRecord> = {}): LogRecord => ({
  nsp: "/",
  room: "lobby",
  offset: offsetOf(index),
  messages: [`packet ${index}`],
  except: [],
  ...changes,
});

export const sweepOf = (changes: Partial<SweepRecord> = {}): SweepRecord => ({
  pingIntervalMs: 240_000,
  pingTimeoutMs: 120_000,
  pingedUntilMs: START_MS,
  reapedUntilMs: START_MS - 120_000,
  noReapBeforeMs: 0,
  configuredAtMs: START_MS,
  ...changes,
});

/** Everything in a list of pages. */
export async function collect<Row>(pages: AsyncIterable<readonly Row[]>): Promise<Row[]> {
  const rows: Row[] = [];
  for await (const page of pages) rows.push(...page);
  return rows;
}
