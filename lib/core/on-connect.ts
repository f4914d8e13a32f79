import { fitsNamespaceLimit } from "../protocol/limits.ts";
import type { Packet } from "../protocol/packet.ts";
import type { ConnectRequest } from "../state/store.ts";
import { generations } from "./generation.ts";
import { callHandler } from "./handler.ts";
import type { Internals } from "./internals.ts";
import { toMember } from "./membership.ts";
import { runMiddlewares } from "./middleware.ts";
import { sendPacket } from "./packets.ts";
import { connectionListeners } from "./replay.ts";
import { isConnected } from "./remote-membership.ts";
import type { Runtime } from "./runtime.ts";
import type { Session } from "./session.ts";
import { Socket, type AnySocket } from "./socket.ts";
import { SocketState, toReporter } from "./socket-state.ts";
import type { Turn } from "./turn.ts";

const MAX_NAMESPACES = 50;
const MAX_AUTH_BYTES = 8 * 1024;

/**
 * A client asks to join a namespace. The middlewares run, then everything about the socket is stored in one batch,
 * then the client is told its id, then the connection listeners run live: once in the life of the socket.
 */
export async function onConnect(
  internals: Internals,
  session: Session,
  packet: Packet & { type: "connect" },
  turn: Turn,
): Promise<void> {
  turn.label = `connect to ${packet.nsp}`;
  const nsp = fitsNamespaceLimit(packet.nsp) ? internals.namespace(packet.nsp) : undefined;
  const generation = generations[session.record.protocol];
  const refuse = (data: unknown) => {
    sendPacket(internals, session, turn, { type: "connect_error", nsp: packet.nsp, data });
  };
  if (nsp === undefined) return refuse({ message: "Invalid namespace" });
  if (session.sockets.has(nsp.name)) return session.close(turn, "forced close");
  if (session.sockets.size >= MAX_NAMESPACES) return refuse({ message: "Too many namespaces" });
  const auth = packet.auth ?? {};
  if (Buffer.byteLength(JSON.stringify(auth)) > MAX_AUTH_BYTES) {
    return refuse({ message: `auth must be at most ${MAX_AUTH_BYTES} bytes` });
  }

  const { clock, store } = internals.runtime;
  const socketId = generation.createSocketId(session.sid, nsp.name);
  const record = { nsp: nsp.name, socketId, connectedAtMs: clock.nowMs(), data: {}, spent: [] };
  const state = new SocketState(session.sid, record, {
    rooms: [],
    auth,
    connected: false,
    onUnstorable: toReporter(internals, record),
  });
  const socket: AnySocket = new Socket(nsp, session, state, turn);
  state.own.restore(socket, () => undefined);
  const refusal = await runMiddlewares(internals, nsp.middlewares, socket, turn);
  if (refusal) return refuse(generation.toConnectError(refusal));
  if (!session.alive) return;

  const member = toMember(session, state);
  const authRecord = { nsp: nsp.name, socketId, auth };
  const request = {
    sid: session.sid,
    socket: state.toRecord(),
    auth: authRecord,
    member,
    rooms: [...state.rooms],
  };
  // In order with what the middlewares have sent; the client hears of its id only when it can be found by it.
  await turn.order(() => store.connectSocket(request));
  if (!(await isStillOpen(internals.runtime, session, request))) return;
  session.rememberAuth(authRecord);
  session.sockets.set(nsp.name, state);
  state.rooms.add(socketId);
  state.connected = true;
  const welcome = generation.toWelcome(socketId);
  sendPacket(internals, session, turn, {
    type: "connect",
    nsp: nsp.name,
    ...(welcome === undefined ? {} : { auth: welcome }),
  });
  // Not before: middlewares are not replayed, so what they registered would be forgotten with this packet.
  turn.mayRegister = true;
  for (const listener of connectionListeners(nsp)) {
    void callHandler(internals, turn, socket, "connection", listener, [socket]);
  }
}

/**
 * Without the mailbox's order, a close may run beside this turn:
 *
 *     close     marks closing, reads the sockets: none
 *     connect   stores the socket             ← nobody would ever delete it, nor run its `disconnect`
 *     connect   reads the session: closing → removes it again, and its listeners do not run
 */
async function isStillOpen(runtime: Runtime, session: Session, request: ConnectRequest): Promise<boolean> {
  const { nsp, socketId } = request.socket;
  if (runtime.isOrdered || (await isConnected(runtime, session.sid, nsp, socketId))) return true;
  await runtime.store.disconnectSocket(session.sid, nsp, socketId, request.rooms);
  return false;
}
