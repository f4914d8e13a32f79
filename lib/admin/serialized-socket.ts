import { createHash } from "node:crypto";
import type { Session } from "../engine/session.ts";
import type { Sid } from "../ids.ts";
import type { HandshakeRecord, SessionSnapshot } from "../state/records.ts";
import { roomsInOrder } from "../state/rooms-in-order.ts";
import { fromRoomName } from "../socketio/rooms/room-name.ts";
import { toHandshake } from "../socketio/rooms/socket-handshake.ts";
import type { SocketState } from "../socketio/replay/socket-state.ts";
import { storedData } from "../socketio/replay/socket-row.ts";
import type { SerializedSocket } from "./page-events.ts";

/** Those who look are in it, to be found by one read. It is shown to nobody. */
export const WATCH_ROOM = "nonsticky:watch";

/** A socket with the time at which it was let in. */
export interface ListedSocket {
  readonly connectedAtMs: number;
  readonly socket: SerializedSocket;
}

/** As the turn has it that it is let in by. */
export const fromState = (session: Session, state: SocketState): SerializedSocket => ({
  id: state.id,
  clientId: toClientId(session.sid),
  transport: session.record.transport,
  nsp: state.nsp,
  data: state.data.view,
  handshake: serializeHandshake(session.handshake),
  rooms: toRooms(state.rooms),
});

/** Every socket of a session, as the table has it; none once its close has begun. */
export function fromSnapshot({ session, handshake, sockets, joined }: SessionSnapshot): ListedSocket[] {
  if (handshake === undefined || session.phase !== "open") return [];
  return sockets.map((record) => ({
    connectedAtMs: record.connectedAtMs,
    socket: {
      id: record.socketId,
      clientId: toClientId(session.sid),
      transport: session.transport,
      nsp: record.nsp,
      data: fromStored(storedData(record)),
      handshake: serializeHandshake(handshake),
      rooms: toRooms(roomsInOrder(record, joined)),
    },
  }));
}

/**
 * Socket.IO shows the beginning of the session's id. Ours ends with the time of opening, which is shown as well, and who
 * knows the rest may poll in its client's place: so a digest.
 */
export const toClientId = (sid: Sid): string =>
  createHash("sha256").update(sid).digest("base64url").slice(0, 12);

/** With what a proxy says of the client's address, and without its `auth`. */
function serializeHandshake(record: HandshakeRecord): object {
  const { headers, query, issued, secure, time, url, xdomain, address } = toHandshake(record, {});
  return {
    address: headers["cf-connecting-ip"] || headers["x-forwarded-for"] || address,
    headers,
    query,
    issued,
    secure,
    time,
    url,
    xdomain,
  };
}

const toRooms = (names: Iterable<string>): string[] =>
  [...names].map(fromRoomName).filter((room) => room !== WATCH_ROOM);

const fromStored = (data: Readonly<Record<string, string>>): object =>
  Object.fromEntries(Object.entries(data).map(([key, text]) => [key, JSON.parse(text) as unknown]));
