import { fitsNamespaceLimit } from "../../protocol/limits.ts";
import type { Pid, SocketId } from "../../ids.ts";
import type { Packet } from "../../protocol/packet.ts";
import type { ConnectRequest } from "../../state/store.ts";
import { revisions } from "./protocol-revision.ts";
import { callHandler } from "../replay/handler.ts";
import { hasArrived, onConnectAgain, removeAgain, welcome } from "./welcome.ts";
import { openHold, releaseHold, sendMissed, type Hold } from "../recovery/hold-while-restoring.ts";
import type { PacketPorts } from "./packet-ports.ts";
import { ListenerRun } from "../replay/listener-run.ts";
import { toLeaver, toMember, toPlace } from "../rooms/membership.ts";
import { enterRooms, exitRooms } from "../rooms/room-changes.ts";
import { findNamespace } from "./find-namespace.ts";
import { runMiddlewares } from "./middleware.ts";
import type { ServedNamespace } from "./packet-ports.ts";
import { sendPacket } from "./send-packet.ts";
import { connectionListeners } from "../replay/replay.ts";
import { socketsOf } from "../replay/session-sockets.ts";
import { beginConnecting, beginListening } from "../replay/registration.ts";
import { isConnected } from "../rooms/join-from-outside.ts";
import type { Restored } from "../recovery/recovery.ts";
import type { Runtime } from "../../engine/runtime.ts";
import { endForExcess } from "../../engine/payload-limits.ts";
import type { Session } from "../../engine/session.ts";
import type { ReplayedSocket } from "../replay/replay-ports.ts";
import { SocketState, toReporter } from "../replay/socket-state.ts";
import type { Turn } from "../../engine/turn.ts";

const MAX_NAMESPACES = 50;
/** Of one dynamic namespace, with and without sockets. */
const MAX_CHILDREN = 1_000;
/** Of one delivery: each namespace once, and some that were refused or left meanwhile. Each may cost requests. */
const MAX_CONNECTS = 60;
const MAX_AUTH_BYTES = 8 * 1024;

/**
 * A client asks to join a namespace. The middlewares run, then everything about the socket is stored in one batch,
 * then the client is told its id, then the connection listeners run live: once in the life of the socket. One that has
 * left while its middlewares ran is found to be gone by that post, and never comes:
 *
 *     client     40, and leaves
 *     mailbox    closed, which waits behind this turn: nobody has told this instance
 *     this turn  stores the socket, posts 40{…}: gone → removes it again, and its listeners do not run
 *     close      finds no socket, so no `disconnect` of one that never came
 */
export async function onConnect(
  internals: PacketPorts,
  session: Session,
  packet: Packet & { type: "connect" },
  turn: Turn,
): Promise<void> {
  turn.describe("connect", `to ${packet.nsp}`);
  beginConnecting(turn, packet.nsp);
  if (!turn.spending.spend("connect", MAX_CONNECTS)) {
    return endForExcess(internals.runtime, session, turn, {
      code: "core.too_many_connects",
      message: "a client has asked for too many namespaces in one POST",
      limit: MAX_CONNECTS,
    });
  }
  const revision = revisions[session.record.protocol];
  const refuse = (data: unknown) => {
    sendPacket(internals, session, turn, { type: "connect_error", nsp: packet.nsp, data });
  };
  if (!fitsNamespaceLimit(packet.nsp)) return refuse({ message: "Invalid namespace" });
  const present = socketsOf(session).get(packet.nsp);
  if (present) return onConnectAgain(internals, session, present, turn);
  if (socketsOf(session).size >= MAX_NAMESPACES) return refuse({ message: "Too many namespaces" });
  const auth = packet.auth ?? {};
  if (!isSmall(auth)) {
    return refuse({ message: `auth must be at most ${MAX_AUTH_BYTES} bytes` });
  }

  const freshId = revision.createSocketId(session.sid, packet.nsp);
  const nsp = await findNamespace(internals, { name: packet.nsp, auth, socketId: freshId }, turn);
  if (nsp === undefined) return refuse({ message: "Invalid namespace" });
  if (nsp.parent && !(await hasRoomFor(internals.runtime, nsp.parent.name, nsp.name)))
    return refuse({ message: "Too many namespaces" });
  const recovery = revision.canRecover ? internals.recovery : undefined;
  const restored = await recovery?.restore(internals.runtime, session, nsp.name, auth);
  if (recovery && auth["pid"] !== undefined) {
    internals.runtime.metrics.add("Recoveries", 1, restored ? "succeeded" : "refused");
  }
  const pid = restored?.pid ?? recovery?.createPid();
  const state = createState(internals, session, nsp, { auth, socketId: freshId, pid, restored });
  if (session.handshake.request?.session?.inMemory) internals.reportInMemory();
  const socket = nsp.createSocket(session, state, turn);
  socket.restore(() => undefined);
  const middlewares = restored && recovery?.skipsMiddlewares ? [] : nsp.middlewares;
  const refusal = await runMiddlewares(internals, middlewares, socket, turn);
  if (refusal) return refuse(revision.toConnectError(refusal));
  if (!session.alive) return;

  const hold = restored && (await openHold(internals, session));
  if (!(await storeSocket(internals, session, turn, state, { restored, hold }))) return;
  const missed =
    restored && (await turn.order(() => recovery?.listMissed(internals.runtime, restored, turn)));
  const sent = hold && (await sendMissed(internals, session, turn, hold, missed ?? []));
  welcome(internals, session, state, turn);
  if (hold) await releaseHold(internals, session, turn, hold, sent ?? new Set());
  // What its client got back stays in the table, as its next chance to come back.
  if (restored === undefined && !(await hasArrived(internals, session, turn)))
    return removeAgain(internals, session, state, turn);
  internals.observer?.observe(turn, { kind: "connected", session, state });
  turn.track(internals.timers.onConnected());
  // Not before: middlewares are not replayed, so what they registered would be forgotten with this packet.
  beginListening(turn);
  connectionListeners(nsp).forEach((listener, index) => {
    runConnectionListener(internals, turn, socket, listener, index);
  });
}

/** The socket's state before it is let in: a new one, or what its client has got back. */
function createState(
  internals: PacketPorts,
  session: Session,
  nsp: ServedNamespace,
  {
    auth,
    socketId,
    pid,
    restored,
  }: {
    readonly auth: Record<string, unknown>;
    readonly socketId: SocketId;
    readonly pid: Pid | undefined;
    readonly restored: Restored | undefined;
  },
): SocketState {
  const record = {
    nsp: nsp.name,
    socketId: restored?.socketId ?? socketId,
    ...(pid === undefined ? {} : { pid }),
    ...(nsp.parent === undefined ? {} : { parent: nsp.parent.name }),
    ...(nsp.roomAdapter.isHeard ? { counted: true } : {}),
    connectedAtMs: restored?.connectedAtMs ?? internals.runtime.clock.nowMs(),
    data: restored?.data ?? {},
    spent: [],
  };
  return new SocketState(session.sid, record, {
    rooms: restored?.order ?? [],
    auth,
    connected: false,
    recovered: restored !== undefined,
    kept: session.handshake.request,
    onUnstorable: toReporter(internals, record),
  });
}

/** Everything about the socket in one batch. False: its session was closed meanwhile, and it is removed again. */
async function storeSocket(
  internals: PacketPorts,
  session: Session,
  turn: Turn,
  state: SocketState,
  { restored, hold }: { readonly restored: Restored | undefined; readonly hold: Hold | undefined },
): Promise<boolean> {
  const { runtime } = internals;
  const auth = { nsp: state.nsp, socketId: state.id, auth: state.auth };
  // In order with what the middlewares have sent; the client hears of its id only when it can be found by it.
  const request = await turn.order(async () => {
    const nowMs = runtime.clock.nowMs();
    state.connectedAtMs = restored?.connectedAtMs ?? nowMs;
    const stored = {
      sid: session.sid,
      socket: state.toRecord(),
      auth,
      member: { ...toMember(session, state), ...(hold && { route: hold.route }) },
      ...toJoining(state, restored, nowMs),
    };
    await runtime.store.connectSocket(stored);
    if (state.counted) {
      const joining = {
        joinedAtOf: (room: string) => stored.joinedAtMs.get(room),
        firstRank: stored.firstRank,
      };
      await enterRooms(
        internals,
        turn,
        toPlace(state),
        stored.member,
        [...new Set([...state.rooms, state.id])],
        joining,
      );
    }
    return stored;
  });
  if (!(await isStillOpen(internals, turn, state, request))) return false;
  session.rememberAuth(auth);
  socketsOf(session).set(state.nsp, state);
  state.rooms.add(state.id);
  state.connected = true;
  return true;
}

/**
 * Which rooms it is in, by when it joined which: those from before it was connected have ranks below 0. So have, of one
 * that was restored, those that it had joined before its own.
 */
function toJoining(
  state: SocketState,
  restored: Restored | undefined,
  nowMs: number,
): Required<Pick<ConnectRequest, "rooms" | "joinedAtMs" | "firstRank">> {
  const { id, joinedRooms } = state;
  const joinedAtMs = new Map(joinedRooms.map((room) => [room, restored?.rooms.get(room) ?? nowMs]));
  if (restored === undefined) return { rooms: joinedRooms, joinedAtMs, firstRank: -joinedRooms.length };
  const { ownJoinedAtMs, order } = restored;
  if (ownJoinedAtMs === undefined) return { rooms: joinedRooms, joinedAtMs, firstRank: -order.indexOf(id) };
  joinedAtMs.set(id, Math.min(nowMs, ownJoinedAtMs));
  return { rooms: [...state.rooms], joinedAtMs, firstRank: 0 };
}

/** Live, once in the life of the socket. What it learns and does is kept for its replays. */
function runConnectionListener(
  internals: PacketPorts,
  turn: Turn,
  socket: ReplayedSocket,
  listener: (socket: ReplayedSocket) => unknown,
  index: number,
): void {
  const { runtime, replayCheck } = internals;
  const state = socket.internalState;
  const check = replayCheck?.record();
  const run = new ListenerRun({
    check,
    store: (key) => {
      state.noteResult(index, key, run.results.get(key) ?? "");
      return state.save(runtime.store) ?? Promise.resolve();
    },
  });
  const settled = callHandler(internals, turn, socket, "connection", listener, [socket], run);
  if (check === undefined) return;
  // What its synchronous part did: it may be stored before the rest has happened.
  state.noteDigest(index, check.digest);
  turn.follow(
    (settled ?? Promise.resolve()).then(() => {
      check.end();
      state.noteDigest(index, check.digest);
    }),
  );
}

/**
 * Without the mailbox's order, a close may run beside this turn:
 *
 *     close     marks closing, reads the sockets: none
 *     connect   stores the socket             ← nobody would ever delete it, nor run its `disconnect`
 *     connect   reads the session: closing → removes it again, and its listeners do not run
 */
async function isStillOpen(
  internals: PacketPorts,
  turn: Turn,
  state: SocketState,
  request: ConnectRequest,
): Promise<boolean> {
  const { runtime } = internals;
  const { sid, nsp, id } = state;
  const rooms = request.rooms.filter((room) => room !== id);
  if (runtime.isOrdered || (await isConnected(runtime, sid, nsp, id))) return true;
  if (state.counted) await exitRooms(internals, turn, toPlace(state), toLeaver(state), [...rooms, id]);
  await runtime.store.disconnectSocket(sid, nsp, id, state.counted ? [] : rooms);
  return false;
}

/** An emit of the parent asks for the members of each child: those that clients invent must end somewhere. */
async function hasRoomFor({ store, logger }: Runtime, parent: string, nsp: string): Promise<boolean> {
  if (await store.isChildNamespace(parent, nsp)) return true;
  const children = await store.listChildNamespaces(parent);
  if (children.length < MAX_CHILDREN) return true;
  logger.warn("a client asked for one more child of a dynamic namespace than there may be", {
    code: "core.too_many_children",
    parent,
    children: children.length,
  });
  return false;
}

/** What a client has nested thousands of levels deep, JSON reads and cannot write. */
function isSmall(auth: object): boolean {
  try {
    return Buffer.byteLength(JSON.stringify(auth)) <= MAX_AUTH_BYTES;
  } catch (error) {
    if (error instanceof RangeError) return false;
    throw error;
  }
}
