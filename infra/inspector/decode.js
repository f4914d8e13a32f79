/**
 * Frames of Engine.IO, 4 and 3, and the packets of Socket.IO in them, as far as the stock parser wrote them. What it did not
 * write is shown as it is.
 */

const engineTypes = ["open", "close", "ping", "pong", "message", "upgrade", "noop"];
const packetTypes = ["CONNECT", "DISCONNECT", "EVENT", "ACK", "CONNECT_ERROR", "BINARY_EVENT", "BINARY_ACK"];

/**
 * @param {string} text
 * @returns {{ kind: string, nsp?: string, event?: string, id?: number, args?: unknown[], data?: unknown, attachments?: number }}
 *   `kind`: a type of packet, a type of frame, `binary`, or `other` where it is neither
 */
export function decodeFrame(text) {
  const type = text.charCodeAt(0) - 48;
  if (text.startsWith("b")) return { kind: "binary" };
  if (!(type >= 0 && type < engineTypes.length)) return { kind: "other" };
  if (type !== 4) return decodeBare(engineTypes[type], text);
  return decodePacket(text.slice(1)) ?? { kind: "other" };
}

function decodeBare(kind, text) {
  if (kind !== "open") return { kind };
  return { kind, data: parse(text.slice(1)) };
}

function decodePacket(text) {
  const [whole, type, attachments, nsp = "/", id] =
    /^([0-6])(?:(\d+)-)?(?:(\/[^,]*)(?:,|$))?(\d+)?/.exec(text) ?? [];
  if (whole === undefined) return undefined;
  const body = text.slice(whole.length);
  const data = body === "" ? undefined : parse(body);
  if (body !== "" && data === undefined) return undefined;
  const kind = packetTypes[Number(type)];
  const packet = { kind, nsp, ...(id === undefined ? {} : { id: Number(id) }) };
  if (attachments !== undefined) packet.attachments = Number(attachments);
  if (/EVENT$/.test(kind) && Array.isArray(data))
    return { ...packet, event: String(data[0]), args: data.slice(1) };
  if (/ACK$/.test(kind) && Array.isArray(data)) return { ...packet, args: data };
  return data === undefined ? packet : { ...packet, data };
}

function parse(text) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** What of a frame is read first: `say`, `CONNECT`, `pong`. */
export function nameOf({ kind, event }) {
  return event ?? kind;
}

/** Its values, short enough for a line. */
export function describeArgs({ args, data }) {
  const shown = args ?? (data === undefined ? [] : [data]);
  return shown.map((value) => JSON.stringify(value)).join(", ");
}

const SID_EPOCH_MS = Date.UTC(2025, 0, 1);

/** What the id of a session tells: when it was opened, and whether by a request of HTTP. Clients may send any text as one. */
export function readSid(sid) {
  if (!/^[\w-]{20}$/.test(sid)) return { openedAtMs: Date.now(), isBornOnPolling: true };
  const text = atob(sid.replaceAll("-", "+").replaceAll("_", "/"));
  const bytes = Uint8Array.from(text, (byte) => byte.charCodeAt(0));
  const ms = bytes.subarray(-5).reduce((sum, byte) => sum * 256 + byte, 0);
  return { openedAtMs: SID_EPOCH_MS + ms, isBornOnPolling: (bytes[0] & 1) === 1 };
}
