import {
  toConnectionId,
  toSid,
  type ConnectionId,
  type Pid,
  type Sid,
  type SocketId,
} from "../../lib/ids.ts";
import type { Letter } from "../../lib/engine/letter.ts";
import type { DisconnectReason } from "../../lib/protocol/reasons.ts";
import type { Member } from "../../lib/state/records.ts";
import { handshakeOf, sessionOf, sidOf, socketIdOf } from "../state/fixtures.ts";
import type { World } from "./world.ts";

/** A client that is connected when a model begins, and the letters that are about it. */
export interface Guest {
  readonly sid: Sid;
  readonly socketId: SocketId;
  readonly connectionId: ConnectionId;
  readonly member: Member;
  /** What has arrived at the client. */
  readonly frames: readonly string[];
  readonly connection: { readonly open: boolean };
  frame(text: string): Letter;
  closed(reason?: DisconnectReason): Letter;
}

export interface GuestOptions {
  readonly rooms?: readonly string[];
  /** Stored values of `socket.data`. */
  readonly data?: Readonly<Record<string, unknown>>;
  /** How long ago it came. Default one minute. */
  readonly ageMs?: number;
  /** False: it has opened its session and has not joined the namespace yet. Default true. */
  readonly joined?: boolean;
  /** True: it began with polling, and was upgraded. Default false. */
  readonly upgraded?: boolean;
  /** False: its gateway connection has ended already. Default true. */
  readonly online?: boolean;
  readonly lastPongAtMs?: number;
  /** By which it can have its state back. Default none. */
  readonly pid?: Pid;
  /** True: its rooms are counted, as of one that came while somebody listened to them. Default false. */
  readonly counted?: boolean;
}

/** Seats a client, in the main namespace, before the first step. */
export async function seat(world: World, index: number, options: GuestOptions = {}): Promise<Guest> {
  const { rooms = [], data = {}, ageMs = 60_000, joined = true, online = true } = options;
  const openedMs = world.nowMs - ageMs;
  const sid = withBirth(sidOf(index, openedMs), options.upgraded ?? false);
  const socketId = socketIdOf(index);
  const connectionId = toConnectionId(`conn${index}`);
  const route = { kind: "connection", connectionId } as const;
  const counted = options.counted ? { counted: true } : {};
  const member: Member = { sid, socketId, route, protocol: 4, ...counted };
  const connection = world.connect(connectionId);
  connection.open = online;
  const session = sessionOf(sid, { connectionId });
  world.table.sids.push(sid);
  await world.table.own.createSession(session, handshakeOf());
  const { pingIntervalMs } = session;
  const lastPongAtMs = options.lastPongAtMs ?? openedMs;
  await world.table.own.openBeat({ sid, pingIntervalMs, route, lastPongAtMs });
  if (joined) {
    const stored = Object.entries(data).map(([key, value]) => [`data.${key}`, JSON.stringify(value)]);
    const socket = {
      nsp: "/",
      socketId,
      ...(options.pid === undefined ? {} : { pid: options.pid }),
      connectedAtMs: openedMs,
      data: Object.fromEntries(stored),
      ...(options.counted ? { counted: true } : {}),
      spent: [],
    };
    const joinedAtMs = new Map(rooms.map((room) => [room, openedMs]));
    const auth = { nsp: "/", socketId, auth: {} };
    const request = { sid, socket, auth, member, rooms, joinedAtMs };
    await Promise.all([world.table.own.connectSocket(request), world.table.members.connectSocket(request)]);
    for (const room of options.counted ? [...rooms, socketId] : []) {
      const entry = { nsp: "/", member, room };
      await Promise.all([world.table.own.enterRoom(entry), world.table.members.enterRoom(entry)]);
    }
  }
  let atMs = world.nowMs;
  return {
    sid,
    socketId,
    connectionId,
    member,
    frames: connection.frames,
    connection,
    frame: (text) => ({ kind: "frame", sid, connectionId, atMs: (atMs += 1), text }),
    closed: (reason = "transport close") => ({
      kind: "closed",
      sid,
      connectionId,
      atMs: (atMs += 1),
      reason,
    }),
  };
}

/** The first byte of a session id says how it began: with polling, in the lowest bit; in protocol 4, for a model. */
export function withBirth(sid: Sid, onPolling: boolean): Sid {
  const bytes = Buffer.from(sid, "base64url");
  bytes.writeUInt8(onPolling ? 1 : 0, 0);
  return toSid(bytes.toString("base64url"));
}
