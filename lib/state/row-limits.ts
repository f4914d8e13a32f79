import { beganAtMs, firstOffset, isOffset, isPid, isSid, type Offset, type Pid, type Sid } from "../ids.ts";
import type { AnswerRecord } from "./ack-store.ts";
import { StateError } from "./errors.ts";
import type { LiveEntry, LivePlace } from "./live/live-store.ts";
import type { PendingRecord } from "./records.ts";
import type { LogRecord } from "./recovery-store.ts";
import type { SharedValue } from "./shared-store.ts";

/** Longest namespace, in bytes of UTF-8. */
export const MAX_NAMESPACE_BYTES = 128;
/** Longest room, in bytes of UTF-8. */
export const MAX_ROOM_BYTES = 1024;
/** Most that may be stored of a binary packet: a row of DynamoDB ends at 400 KB, names and overhead included. */
export const MAX_PENDING_BYTES = 384 * 1024;
/** Most that an outbox may hold of frames: a row again, in which an answer may have to be kept beside them. */
export const MAX_OUTBOX_BYTES = 376 * 1024;
/** Most frames that a GET is answered with: python-engineio takes no more of them at once, and ends its connection. */
export const MAX_GET_FRAMES = 16;
/** Most that an answer to a server's emit may take, attachments included. */
export const MAX_ANSWER_BYTES = 384 * 1024;
/** Most that a packet may take to be kept for clients that come back, with the names of who was left out. */
export const MAX_LOG_BYTES = 384 * 1024;
/** Longest name of a shared map, in bytes of UTF-8. */
export const MAX_MAP_BYTES = 128;
/** Longest key in a shared map, in bytes of UTF-8: it is in the key of a row, which ends at 1024. */
export const MAX_SHARED_KEY_BYTES = 512;
/** Most that a value of a shared map may take: a row again, with room for the names of its last changes. */
export const MAX_SHARED_BYTES = 350 * 1024;
/** Longest name of a live value, in bytes of UTF-8: it is in the key of a row, with the key of the value's own. */
export const MAX_LIVE_NAME_BYTES = 256;
/** Longest key in a live value, in bytes of UTF-8. */
export const MAX_LIVE_KEY_BYTES = 512;
/** Most that a list, a scalar, or what is under one key may take: a row again. */
export const MAX_LIVE_ROW_BYTES = 350 * 1024;
/** Longest ping interval: ten digits of milliseconds, which is what a beat's key has room for. */
export const MAX_INTERVAL_MS = 9_999_999_999;

/** Both stores pass every id and name through these before they use it as a key; each throws `StateError`. */
export function requireSid(sid: Sid): Sid {
  if (isSid(sid)) return sid;
  const { length } = String(sid);
  throw new StateError("state.malformed_sid", `expected a session id, got ${length} other characters`, {
    length,
  });
}

export function requirePid(pid: Pid): Pid {
  if (isPid(pid)) return pid;
  const { length } = String(pid);
  throw new StateError("state.malformed_pid", `expected a private id, got ${length} other characters`, {
    length,
  });
}

export const requireOffset = (offset: Offset): Offset => requireOffsetIf(isOffset(offset), offset);

/** Where a part of the log may begin: at a packet or at a moment, see `firstOffset`. */
export const requireStart = (from: Offset): Offset =>
  requireOffsetIf(isOffset(from) || from === firstOffset(beganAtMs(from)), from);

export function requireNamespace(nsp: string): string {
  return requireName(nsp, "state.namespace_too_long", MAX_NAMESPACE_BYTES);
}

export function requireRoom(room: string): string {
  return requireName(room, "state.room_too_long", MAX_ROOM_BYTES);
}

/** Names of namespaces and rooms, and keys of `socket.data`. */
export function requireWellFormed(name: string): string {
  const position = name.search(/\p{Surrogate}/u);
  if (position === -1) return name;
  throw new StateError("state.malformed_name", `expected text, got half a surrogate pair at ${position}`, {
    position,
  });
}

export const requireMap = (map: string): string => requireName(map, "state.map_too_long", MAX_MAP_BYTES);
export const requireSharedKey = (key: string): string =>
  requireName(key, "state.key_too_long", MAX_SHARED_KEY_BYTES);

export function requireSharedSize(value: SharedValue): SharedValue {
  const bytes = toSharedBytes(value);
  if (bytes <= MAX_SHARED_BYTES) return value;
  throw new StateError(
    "state.shared_too_large",
    `expected a value of up to ${MAX_SHARED_BYTES} bytes, got ${bytes}`,
    { bytes },
  );
}

export function toSharedBytes(value: SharedValue): number {
  if (value.kind === "number") return 8;
  return value.kind === "json" ? Buffer.byteLength(value.text) : value.bytes.byteLength;
}

export function requireLivePlace({ name, key }: LivePlace): void {
  requireName(name, "state.live_name_too_long", MAX_LIVE_NAME_BYTES);
  if (key !== undefined) requireName(key, "state.live_key_too_long", MAX_LIVE_KEY_BYTES);
}

export function requireLiveEntry(entry: LiveEntry): LiveEntry {
  const bytes = Buffer.byteLength(entry.text ?? "");
  if (bytes <= MAX_LIVE_ROW_BYTES) return entry;
  throw new StateError(
    "state.live_too_large",
    `expected what is in a row of a live value to be up to ${MAX_LIVE_ROW_BYTES} bytes, got ${bytes}`,
    { bytes },
  );
}

/** What a binary packet takes up whose attachments have not all come. */
export const toPendingBytes = ({ header, parts }: PendingRecord): number =>
  Buffer.byteLength(header) + toMessagesBytes(parts);

export function requirePendingSize(pending: PendingRecord): PendingRecord {
  const bytes = toPendingBytes(pending);
  if (bytes <= MAX_PENDING_BYTES) return pending;
  throw new StateError(
    "state.pending_too_large",
    `expected a binary packet of up to ${MAX_PENDING_BYTES} bytes, got ${bytes}`,
    { bytes },
  );
}

export function requireAnswerSize(answer: AnswerRecord): AnswerRecord {
  const bytes = toMessagesBytes(answer.messages);
  if (bytes <= MAX_ANSWER_BYTES) return answer;
  throw new StateError(
    "state.answer_too_large",
    `expected an answer of up to ${MAX_ANSWER_BYTES} bytes, got ${bytes}`,
    { bytes },
  );
}

export function requireLogSize<Packet extends Pick<LogRecord, "messages" | "except">>(
  packet: Packet,
): Packet {
  const bytes = toMessagesBytes(packet.messages) + toMessagesBytes(packet.except);
  if (bytes <= MAX_LOG_BYTES) return packet;
  throw new StateError(
    "state.log_too_large",
    `expected a packet of up to ${MAX_LOG_BYTES} bytes, got ${bytes}`,
    { bytes },
  );
}

/** What frames take up, in a row as in the answer to a GET: their UTF-8, and a byte after each. */
export const toFramesBytes = (frames: readonly string[]): number =>
  frames.reduce((total, frame) => total + Buffer.byteLength(frame) + 1, 0);

export function requireInterval(pingIntervalMs: number): number {
  if (Number.isInteger(pingIntervalMs) && pingIntervalMs > 0 && pingIntervalMs <= MAX_INTERVAL_MS)
    return pingIntervalMs;
  throw new StateError(
    "state.bad_interval",
    `expected a ping interval of 1 to ${MAX_INTERVAL_MS} whole milliseconds, got ${pingIntervalMs}`,
    { pingIntervalMs },
  );
}

/** What a list takes up in a row, 4 bytes for each of its values included. */
export const toMessagesBytes = (messages: readonly (string | Uint8Array)[]): number =>
  messages.reduce((total, message) => total + Buffer.byteLength(message) + 4, 0);

function requireOffsetIf(isWellFormed: boolean, offset: Offset): Offset {
  if (isWellFormed) return offset;
  const { length } = String(offset);
  throw new StateError("state.malformed_offset", `expected an offset, got ${length} other characters`, {
    length,
  });
}

function requireName(
  name: string,
  code:
    | "state.namespace_too_long"
    | "state.room_too_long"
    | "state.map_too_long"
    | "state.key_too_long"
    | "state.live_name_too_long"
    | "state.live_key_too_long",
  maxBytes: number,
) {
  const bytes = Buffer.byteLength(name);
  if (bytes <= maxBytes) return requireWellFormed(name);
  throw new StateError(code, `expected a name of up to ${maxBytes} bytes, got ${bytes}`, { bytes });
}
