import { byJoining, roomsInOrder } from "../../state/rooms-in-order.ts";
import type { AuthRecord, HandshakeRecord, JoinedRecord, Member, SocketRecord } from "../../state/records.ts";
import { listAudience, type Audience } from "./audience.ts";
import { effectTurnIfServed } from "../../engine/turn-for-effect.ts";
import { observeRooms } from "./observer.ts";
import type { RoomPorts } from "./room-ports.ts";
import { recorded } from "../replay/recorded-result.ts";
import type { Letter } from "../../engine/letter.ts";
import { hasKicked, isKicked, noteKicked } from "./kicked.ts";
import { mapConcurrently } from "./map-concurrently.ts";
import { exitRooms } from "./room-changes.ts";
import { joinFromOutside } from "./join-from-outside.ts";
import type { Runtime } from "../../engine/runtime.ts";
import { saveSockets, socketsOf } from "../replay/session-sockets.ts";
import { sessionOf, type Session } from "../../engine/session.ts";
import { currentContext, type Turn } from "../../engine/turn.ts";

export interface FetchedSocket {
  readonly member: Member;
  readonly socket: SocketRecord;
  readonly rooms: readonly string[];
  readonly joined: readonly JoinedRecord[];
  readonly handshake: HandshakeRecord;
  readonly auth: AuthRecord | undefined;
}

/** Reads every socket of an audience as it is in the table: room by room, in the order in which they joined it. */
export async function fetchMembers(internals: RoomPorts, audience: Audience): Promise<FetchedSocket[]> {
  const { runtime } = internals;
  const turn = currentContext()?.turn;
  const session = turn && sessionOf(turn);
  const read = async () => {
    // What this very turn changed must be seen, too.
    turn?.collect();
    if (session) await saveSockets(runtime.store, session);
    await (turn ?? runtime.detached).runEndings();
    const members: Member[] = [];
    for await (const page of listAudience(runtime.store, audience))
      for (const { member } of page) if (!isKicked(turn, member.socketId)) members.push(member);
    const fetched = await mapConcurrently(members, (member) => fetchMember(runtime, audience.nsp, member));
    return inOrder(
      fetched.filter((socket) => socket !== undefined),
      audience,
    );
  };
  return behindEffects(runtime, turn, read);
}

/** As Socket.IO finds them. What joined within a millisecond is in the order of its ids, which says nothing. */
function inOrder(fetched: readonly FetchedSocket[], { rooms }: Audience): FetchedSocket[] {
  const places = [...rooms];
  const placed = fetched.map((one) => {
    const { socketId, connectedAtMs } = one.socket;
    const place = places.findIndex((room) => one.rooms.includes(room));
    const row = one.joined.find(({ room }) => room === places[place]);
    return { one, place, joining: row ?? { joinedAtMs: connectedAtMs }, connectedAtMs, socketId };
  });
  return placed
    .sort(
      (a, b) =>
        a.place - b.place ||
        byJoining(a.joining, b.joining) ||
        a.connectedAtMs - b.connectedAtMs ||
        (a.socketId < b.socketId ? -1 : 1),
    )
    .map(({ one }) => one);
}

/** How many sockets are in an audience: without a row of them where it is one room, or everyone. */
export async function countMembers({ runtime }: RoomPorts, audience: Audience): Promise<number> {
  const turn = currentContext()?.turn;
  const read = async () => {
    const [room, ...others] = audience.rooms;
    const isWhole = others.length + audience.except.size === 0 && audience.exceptSid === undefined;
    if (isWhole && !hasKicked(turn)) return runtime.store.countMembers(audience.nsp, room);
    let count = 0;
    for await (const page of listAudience(runtime.store, audience))
      for (const { member } of page) if (!isKicked(turn, member.socketId)) count++;
    return count;
  };
  return recorded(() => behindEffects(runtime, turn, read), "ask");
}

/** The ids of an audience's sockets, with no further read: some may be about to leave. */
export async function listSocketIds({ runtime }: RoomPorts, audience: Audience): Promise<Set<string>> {
  const turn = currentContext()?.turn;
  const read = async () => {
    const ids: string[] = [];
    for await (const page of listAudience(runtime.store, audience))
      for (const { member } of page) ids.push(member.socketId);
    return ids;
  };
  return new Set(await recorded(() => behindEffects(runtime, turn, read), "ask"));
}

/** Reads behind the joins and leaves which the turn, or a script, has issued so far. */
async function behindEffects<T>(
  runtime: Runtime,
  turn: Turn | undefined,
  read: () => Promise<T>,
): Promise<T> {
  if (turn && !turn.ended) return turn.order(read);
  // A read that fails fails here, and is no effect that a later `flush` would have to report.
  if (turn === undefined) await runtime.detached.order(() => undefined);
  return read();
}

async function fetchMember(
  { store }: Runtime,
  nsp: string,
  member: Member,
): Promise<FetchedSocket | undefined> {
  const snapshot = await store.loadSession(member.sid, { handshake: true });
  const socket = snapshot?.sockets.find((other) => other.nsp === nsp && other.socketId === member.socketId);
  if (snapshot?.handshake === undefined || socket === undefined) return undefined;
  return {
    member,
    socket,
    rooms: roomsInOrder(socket, snapshot.joined),
    joined: snapshot.joined.filter((row) => row.nsp === nsp),
    handshake: snapshot.handshake,
    auth: snapshot.auths?.find((auth) => auth.nsp === nsp),
  };
}

export function joinMembers(internals: RoomPorts, audience: Audience, rooms: readonly string[]): void {
  forEachMember(internals, "socketsJoin", audience, async (member, session, turn) => {
    const state = session?.sid === member.sid ? socketsOf(session).get(audience.nsp) : undefined;
    const added = rooms.filter((room) => !state?.rooms.has(room));
    for (const room of added) state?.rooms.add(room);
    if (await joinFromOutside(internals, turn, audience, member, rooms)) return;
    for (const room of added) state?.rooms.delete(room);
  });
}

export function leaveMembers(internals: RoomPorts, audience: Audience, rooms: readonly string[]): void {
  // Whoever is listed by a room has been read where that has its members.
  const unread = rooms.filter((room) => !audience.rooms.has(room));
  const learn = () => internals.runtime.store.learnShards(audience.nsp, unread);
  const leave: MemberEffect = async (member, session, turn) => {
    const state = session?.sid === member.sid ? socketsOf(session).get(audience.nsp) : undefined;
    const left = internals.observer?.isWatched ? await whereIn(internals, audience.nsp, member, rooms) : [];
    for (const room of rooms) state?.leave(room);
    await exitRooms(internals, turn, { nsp: audience.nsp }, member, rooms, "taken");
    observeRooms(internals.observer, turn, "left", { nsp: audience.nsp, socketId: member.socketId }, left);
  };
  forEachMember(internals, "socketsLeave", audience, leave, learn);
}

/** Which of the rooms a socket is in. */
async function whereIn(
  { runtime }: RoomPorts,
  nsp: string,
  { sid, socketId }: Member,
  rooms: readonly string[],
): Promise<string[]> {
  const joined = (await runtime.store.loadSession(sid, { handshake: false }))?.joined ?? [];
  const isIn = (room: string) => {
    const row = joined.find((other) => other.nsp === nsp && other.room === room);
    return row === undefined ? room === socketId : !row.left;
  };
  return [...new Set(rooms)].filter(isIn);
}

export function disconnectSockets(internals: RoomPorts, audience: Audience, close: boolean): void {
  const { nsp } = audience;
  const turn = currentContext()?.turn;
  forEachMember(internals, "disconnectSockets", audience, ({ sid, socketId }) => {
    if (turn) noteKicked(turn, socketId);
    return sendKick(internals.runtime, { sid, nsp, socketId, close });
  });
}

/** A socket's own handlers must run, and in order with its packets, so its disconnect is a letter to its session. */
export function sendKick(
  { mailbox, clock }: Runtime,
  kick: Pick<Letter & { kind: "kick" }, "sid" | "nsp" | "socketId" | "close">,
): Promise<void> {
  return mailbox.send({ kind: "kick", ...kick, atMs: clock.nowMs() });
}

function forEachMember(
  internals: RoomPorts,
  what: string,
  audience: Audience,
  effect: MemberEffect,
  beside: () => Promise<void> = () => Promise.resolve(),
): void {
  const turn = effectTurnIfServed(internals, what, { nsp: audience.nsp });
  if (turn === undefined) return;
  const session = sessionOf(turn);
  void turn.order(async () => {
    const members: Member[] = [];
    const list = async () => {
      for await (const page of listAudience(internals.runtime.store, audience))
        for (const { member } of page) members.push(member);
    };
    await Promise.all([list(), beside()]);
    await mapConcurrently(members, (member) => effect(member, session, turn));
  });
}

type MemberEffect = (member: Member, session: Session | undefined, turn: Turn) => Promise<void>;
