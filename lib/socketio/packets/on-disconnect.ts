import type { DisconnectReason } from "../../protocol/reasons.ts";
import { callHandler, callListeners } from "../replay/handler.ts";
import type { PacketPorts } from "./packet-ports.ts";
import { sendPacket } from "./send-packet.ts";
import { rebind } from "./rebind.ts";
import { replay } from "../replay/replay.ts";
import type { Session } from "../../engine/session.ts";
import type { ReplayedSocket } from "../replay/replay-ports.ts";
import type { SocketState } from "../replay/socket-state.ts";
import { socketsOf } from "../replay/session-sockets.ts";
import { noteOwned } from "../shared/owned-entries.ts";
import { toLeaver, toPlace } from "../rooms/membership.ts";
import { exitRooms } from "../rooms/room-changes.ts";
import type { Turn } from "../../engine/turn.ts";
import type { Listener } from "../replay/typed-events.ts";

/** Takes a socket out of its namespace: `disconnecting` sees its rooms, `disconnect` sees them gone. */
function leaveNamespace(
  internals: PacketPorts,
  session: Session,
  turn: Turn,
  socket: ReplayedSocket,
  reason: DisconnectReason,
): void {
  const state = socket.internalState;
  if (!state.connected) return;
  callListeners(internals, turn, socket, "disconnecting", reason);
  const rooms = [...state.rooms];
  end(session, state);
  const removed = turn.order(() => removeSocket(internals, turn, state, rooms));
  const { nsp, id: socketId } = state;
  const observe = () =>
    internals.observer?.observe(turn, { kind: "disconnected", nsp, socketId, rooms, reason });
  turn.follow(removed.then(observe, () => undefined));
  const disconnect = () => callListeners(internals, turn, socket, "disconnect", reason);
  // Who listens hears of the rooms first, as in Socket.IO.
  if (state.counted) turn.follow(removed.then(disconnect, disconnect));
  else disconnect();
}

/**
 *     join from outside   puts membership; reads the session: the socket is there, so it stays
 *     this                removes the socket, with the rooms it knew
 *     this                reads which rooms are left, and removes them      ← nobody else would ever look
 *
 * Those it knew are removed once more: of the one batch, a room's row may have gone before such a join and the socket
 * after it. Whoever joins later finds no socket, and takes the join back.
 */
export async function removeSocket(
  internals: PacketPorts,
  turn: Turn,
  state: SocketState,
  allRooms: readonly string[],
): Promise<void> {
  const { store } = internals.runtime;
  const { sid, nsp, id } = state;
  const exit = (left: readonly string[]) => exitRooms(internals, turn, toPlace(state), toLeaver(state), left);
  if (state.counted) await exit(allRooms);
  const rooms = allRooms.filter((room) => room !== id);
  await store.disconnectSocket(sid, nsp, id, state.counted ? [] : rooms);
  const snapshot = await store.loadSession(sid, { handshake: false });
  noteOwned(state, snapshot?.owned ?? []);
  if (state.owned.size > 0) await store.deleteOwned({ sid, socketId: id }, [...state.owned.values()]);
  // Once the client has connected anew, rooms are that socket's.
  if (snapshot === undefined || snapshot.sockets.some((socket) => socket.nsp === nsp)) return;
  const missed = snapshot.joined.filter((row) => row.nsp === nsp).map((row) => row.room);
  const again = state.counted ? missed : [...new Set([...rooms, ...missed])];
  if (again.length > 0) await exit(again);
}

/** `socket.disconnect()`: the client is told with `41`, and so knows not to come back by itself. */
export function disconnectByServer(
  internals: PacketPorts,
  session: Session,
  turn: Turn,
  socket: ReplayedSocket,
  close: boolean,
): void {
  sendPacket(internals, session, turn, { type: "disconnect", nsp: socket.nsp.name });
  const heard = new Set(goodbyes.flatMap((event) => socket.rawListeners(event)));
  leaveNamespace(internals, session, turn, socket, "server namespace disconnect");
  turn.follow(socket.bound.then(() => callLate(internals, turn, socket, heard)));
  if (!close) return;
  const others = [...socketsOf(session).values()];
  if (others.length === 0) return session.close(turn, "forced close");
  turn.follow(
    Promise.all(others.map((state) => disconnectOther(internals, session, turn, state))).then(() =>
      session.close(turn, "forced close"),
    ),
  );
}

const goodbyes = ["disconnecting", "disconnect"] as const;

/** Its own handler took the socket out while an asynchronous connection listener had yet to bind these. */
function callLate(
  internals: PacketPorts,
  turn: Turn,
  socket: ReplayedSocket,
  heard: ReadonlySet<Listener<never[]>>,
): void {
  for (const event of goodbyes) {
    const late = socket.rawListeners(event).filter((listener) => !heard.has(listener));
    for (const listener of late) {
      void callHandler(internals, turn, socket, event, listener, ["server namespace disconnect"]);
    }
  }
}

async function disconnectOther(
  internals: PacketPorts,
  session: Session,
  turn: Turn,
  state: SocketState,
): Promise<void> {
  const nsp = internals.namespace(state.nsp, state.parent);
  if (nsp === undefined) return;
  sendPacket(internals, session, turn, { type: "disconnect", nsp: state.nsp });
  const { socket, bound } = replay(internals, nsp, session, state, turn);
  await bound;
  leaveNamespace(internals, session, turn, socket, "server namespace disconnect");
}

/** The client left the namespace with `41`. Its session goes on. */
export async function onLeave(
  internals: PacketPorts,
  session: Session,
  turn: Turn,
  state: SocketState,
): Promise<void> {
  turn.describe("disconnect");
  const socket = await rebind(internals, session, turn, state);
  if (socket) leaveNamespace(internals, session, turn, socket, "client namespace disconnect");
}

/** `disconnectSockets` and remote sockets' `disconnect`, arrived at the session they are about. */
export async function onKick(
  internals: PacketPorts,
  session: Session,
  turn: Turn,
  kick: { readonly nsp: string; readonly socketId: string; readonly close: boolean },
): Promise<void> {
  const state = socketsOf(session).get(kick.nsp);
  if (state?.id !== kick.socketId) return;
  const socket = await rebind(internals, session, turn, state);
  if (socket) disconnectByServer(internals, session, turn, socket, kick.close);
}

/** The whole session ends. Returns the second half, for when the memberships are gone. */
export async function onSessionClosing(
  internals: PacketPorts,
  session: Session,
  turn: Turn,
  reason: DisconnectReason,
): Promise<() => void> {
  const rebound = await Promise.all(
    [...socketsOf(session).values()].map((state) => rebind(internals, session, turn, state)),
  );
  const sockets = rebound.filter((socket) => socket !== undefined);
  for (const socket of sockets) callListeners(internals, turn, socket, "disconnecting", reason);
  return () => {
    internals.observer?.observe(turn, { kind: "closed", sid: session.sid, reason });
    for (const socket of sockets) {
      const { nsp, id: socketId, rooms } = socket.internalState;
      internals.observer?.observe(turn, { kind: "disconnected", nsp, socketId, rooms: [...rooms], reason });
      end(session, socket.internalState);
      callListeners(internals, turn, socket, "disconnect", reason);
    }
  };
}

/** The rooms of a session's sockets that are counted: not left before all has been sent to them, and told one by one. */
export async function leaveCountedRooms(
  internals: PacketPorts,
  sessions: readonly Session[],
  turn: Turn,
): Promise<void> {
  const states = sessions.flatMap((session) => [...socketsOf(session).values()]);
  for (const state of states.filter(({ counted }) => counted))
    await exitRooms(internals, turn, toPlace(state), toLeaver(state), [...state.rooms, state.id], "closed");
}

function end(session: Session, state: SocketState): void {
  state.rooms.clear();
  state.connected = false;
  socketsOf(session).delete(state.nsp);
}
