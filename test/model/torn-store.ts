import { openedAtMs, type Sid } from "../../lib/ids.ts";
import type { MemoryStore } from "../../lib/state/memory-store.ts";
import type { Member } from "../../lib/state/records.ts";
import type { LogPlace } from "../../lib/state/recovery-store.ts";
import type { Store } from "../../lib/state/store.ts";
import { EVERYTHING, reads, writes, type Schedule, type Touch } from "./schedule.ts";

/** The two kinds of partitions that a batch write may reach at different times. */
export interface Halves {
  /** Sessions, sockets, `joined`, outboxes, beats, sweeps, answers, private ids, logs, leases: all that has no route. */
  readonly own: MemoryStore;
  /** The rows of rooms and of namespaces. */
  readonly members: MemoryStore;
  /** Default: all of them. */
  readonly membersAPage?: number | undefined;
  /** Every session that a model has, so that a range of beats is known to touch the ones in it alone. */
  readonly sids: Sid[];
  /** Rooms whose logs are written to. Reading any other is no step, if this is given: nobody can come before it. */
  loggedRooms?: readonly (string | undefined)[];
}

/**
 * The store as one process sees it: every call a step. A batch that writes both to the session's partition and to
 * those of rooms is two steps in any order, as `BatchWriteItem` promises no more than that; both happen or none, since
 * it is one request. So is one that writes to the logs of several rooms: a step for each.
 */
export function createTornStore(schedule: Schedule, process: string, halves: Halves): Store {
  const { own, members } = halves;
  const step = <T>(label: string, touches: readonly Touch[], perform: () => Promise<T>): Promise<T> =>
    schedule.step(process, label, touches, perform);
  /** Parts of one request: they are carried out in any order, but all of them once one is. */
  const together = async (
    parts: readonly { label: string; touches: readonly Touch[]; perform: () => Promise<void> }[],
  ): Promise<void> => {
    let sent = false;
    const toPart = ({ label, touches, perform }: (typeof parts)[number]) => {
      const write = () => {
        sent = true;
        return perform();
      };
      return schedule.step(process, label, touches, write, () => sent);
    };
    await Promise.all(parts.map(toPart));
  };
  const both = (
    label: string,
    ofOwn: readonly Touch[],
    ofMembers: readonly Touch[],
    perform: (half: MemoryStore) => Promise<void>,
  ): Promise<void> =>
    together([
      { label: `${label} (session's rows)`, touches: ofOwn, perform: () => perform(own) },
      { label: `${label} (rooms' rows)`, touches: ofMembers, perform: () => perform(members) },
    ]);
  const toLogs = <Place extends LogPlace>(
    label: string,
    places: readonly Place[],
    perform: (ofRoom: readonly Place[]) => Promise<void>,
  ): Promise<void> =>
    together(
      [...new Set(places.map(toLog))].map((log) => ({
        label: `${label} ${log}`,
        touches: [writes(log)],
        perform: () => perform(places.filter((place) => toLog(place) === log)),
      })),
    );
  /** What no model is about yet: one step that commutes with nothing. */
  const toUnknownStep =
    (name: keyof Store) =>
    (...args: unknown[]): Promise<unknown> =>
      step(name, [writes(EVERYTHING)], async () => Reflect.apply(own[name], own, args) as unknown);
  const toRoom = (nsp: string, sid: string) => (room: string) => writes("room", nsp, room, sid);
  /** The id of a hold is another one in every run; all of them count as one. */
  const toOutbox = (sid: Sid): string => (halves.sids.includes(sid) ? sid : "hold");
  const toJoined = (nsp: string, sid: string) => (room: string) =>
    writes("session", sid, "joined", nsp, room);

  const known: Partial<Store> = {
    createSession: (session, handshake) =>
      step("createSession", [writes("session", session.sid)], () => own.createSession(session, handshake)),
    loadSession: (sid, options) =>
      step("loadSession", [reads("session", sid)], () => own.loadSession(sid, options)),
    severSession: (sid) =>
      step("severSession", [writes("session", sid, "phase")], () => own.severSession(sid)),
    beginClose: (close) =>
      step("beginClose", [writes("session", close.sid, "phase")], () => own.beginClose(close)),
    finishClose: (sid) => step("finishClose", [writes("session", sid, "phase")], () => own.finishClose(sid)),
    noteRemoved: (sid, removedUpTo) =>
      step("noteRemoved", [writes("session", sid, "removed")], () => own.noteRemoved(sid, removedUpTo)),
    savePending: (sid, pending) =>
      step("savePending", [writes("session", sid, "pending")], () => own.savePending(sid, pending)),
    deletePending: (sid) =>
      step("deletePending", [writes("session", sid, "pending")], () => own.deletePending(sid)),

    connectSocket: (connect) => {
      const { sid, socket, rooms } = connect;
      const { nsp, pid, parent } = socket;
      return both(
        `connectSocket ${nsp}`,
        [
          writes("session", sid, "socket", nsp),
          ...rooms.map(toJoined(nsp, sid)),
          ...(pid === undefined ? [] : [writes("pid", pid)]),
          ...(parent === undefined ? [] : [writes("children", parent, nsp)]),
        ],
        [writes("everyone", nsp, sid), ...[...rooms, socket.socketId].map(toRoom(nsp, sid))],
        (half) => half.connectSocket(connect),
      );
    },
    disconnectSocket: (sid, nsp, socketId, rooms) =>
      both(
        `disconnectSocket ${nsp} [${rooms}]`,
        [writes("session", sid, "socket", nsp), ...rooms.map(toJoined(nsp, sid))],
        [writes("everyone", nsp, sid), ...[...rooms, socketId].map(toRoom(nsp, sid))],
        (half) => half.disconnectSocket(sid, nsp, socketId, rooms),
      ),
    joinRooms: (nsp, member, rooms, joinedAtMs) =>
      both(
        `joinRooms [${rooms}]`,
        rooms.map(toJoined(nsp, member.sid)),
        rooms.map(toRoom(nsp, member.sid)),
        (half) => half.joinRooms(nsp, member, rooms, joinedAtMs),
      ),
    leaveRooms: (nsp, sid, rooms, leftOwn) =>
      both(`leaveRooms [${rooms}]`, rooms.map(toJoined(nsp, sid)), rooms.map(toRoom(nsp, sid)), (half) =>
        half.leaveRooms(nsp, sid, rooms, leftOwn),
      ),
    deleteMemberships: async (sid, sockets) => {
      await step(
        `deleteMemberships [${sockets.flatMap(({ rooms }) => rooms)}]`,
        sockets.flatMap(({ nsp, socketId, rooms }) => [
          writes("everyone", nsp, sid),
          ...[...rooms, socketId].map(toRoom(nsp, sid)),
        ]),
        () => members.deleteMemberships(sid, sockets),
      );
      for (const socket of sockets) {
        for (const place of socket.owned ?? []) {
          const touches = [writes("shared", place.map, place.key)];
          await step(`deletes ${place.key} if owned`, touches, () =>
            own.deleteMemberships(sid, [{ ...socket, rooms: [], owned: [place] }]),
          );
        }
      }
    },
    getShared: (place) =>
      step(`getShared ${place.key}`, [reads("shared", place.map, place.key)], () => own.getShared(place)),
    getManyShared: (places) =>
      step(
        `getManyShared ${places.map(({ key }) => key)}`,
        places.map(({ map, key }) => reads("shared", map, key)),
        () => own.getManyShared(places),
      ),
    putShared: (place, entry) =>
      step(`putShared ${place.key}`, [writes("shared", place.map, place.key)], () =>
        own.putShared(place, entry),
      ),
    deleteShared: (place) =>
      step(`deleteShared ${place.key}`, [writes("shared", place.map, place.key)], () =>
        own.deleteShared(place),
      ),
    replaceShared: (place, previous, next) =>
      step(`replaceShared ${place.key}`, [writes("shared", place.map, place.key)], () =>
        own.replaceShared(place, previous, next),
      ),
    addShared: (place, by) =>
      step(`addShared ${place.key} ${by}`, [writes("shared", place.map, place.key)], () =>
        own.addShared(place, by),
      ),
    noteOwned: (owner, place) =>
      step(`noteOwned ${place.key}`, [writes("session", owner.sid, "owned")], () =>
        own.noteOwned(owner, place),
      ),
    deleteOwned: (owner, places) =>
      step(
        `deleteOwned ${places.map(({ key }) => key)}`,
        [writes("session", owner.sid, "owned"), ...places.map(({ map, key }) => writes("shared", map, key))],
        () => own.deleteOwned(owner, places),
      ),
    listLive: () => step("listLive", [reads("live")], () => own.listLive()),
    // One transaction, so one step.
    commitLive: (commit) =>
      step(
        `commitLive [${commit.writes.map(({ name, key }) => key ?? name)}]`,
        [
          ...commit.writes.map(({ name, key }) => writes("live", name, key ?? "whole")),
          ...commit.strokes.map(({ letterId }) => writes("strokes", letterId)),
          ...commit.sockets.map(({ sid, nsp }) => writes("session", sid, "socket", nsp)),
        ],
        () => own.commitLive(commit),
      ),
    countStrokes: (letterId) =>
      step("countStrokes", [reads("strokes", letterId)], () => own.countStrokes(letterId)),
    // One transaction, so one step; the number is of the whole room.
    enterRoom: (entry) => {
      const { nsp, member, room, joinedAtMs, rank } = entry;
      const touches = [writes("room", nsp, room), toJoined(nsp, member.sid)(room), writes("notes")];
      return step(`enterRoom ${room}`, touches, async () => {
        const change = await members.enterRoom(entry);
        if (change !== "present" && (room !== member.socketId || joinedAtMs !== undefined))
          await own.joinRooms(nsp, member, [room], joinedAtMs, rank);
        return change;
      });
    },
    exitRoom: (exit) => {
      const { nsp, sid, socketId, room, isOwnLeft } = exit;
      const touches = [writes("room", nsp, room), toJoined(nsp, sid)(room), writes("notes")];
      return step(`exitRoom ${room}`, touches, async () => {
        const change = await members.exitRoom(exit);
        if (change !== "absent" && !exit.byClose)
          await own.leaveRooms(nsp, sid, [room], isOwnLeft ? socketId : undefined);
        return change;
      });
    },
    listRoomNotes: (letterId) =>
      step("listRoomNotes", [reads("notes")], () => members.listRoomNotes(letterId)),
    countMembers: (nsp, room) =>
      step(
        `countMembers ${room ?? nsp}`,
        [room === undefined ? reads("everyone", nsp) : reads("room", nsp, room)],
        () => members.countMembers(nsp, room),
      ),
    deleteMemberIfRoute: (nsp, room, sid, route) =>
      step(
        `deleteMemberIfRoute ${room ?? nsp}`,
        [room === undefined ? writes("everyone", nsp, sid) : writes("room", nsp, room, sid)],
        () => members.deleteMemberIfRoute(nsp, room, sid, route),
      ),
    saveSocket: (sid, nsp, socketId, changes) =>
      step(`saveSocket ${Object.keys(changes.set)}`, [writes("session", sid, "socket", nsp)], () =>
        own.saveSocket(sid, nsp, socketId, changes),
      ),

    listRoomMembers: (nsp, room, part) =>
      toSteps(
        members.listRoomMembers(nsp, room, part),
        (read) => step(`listRoomMembers ${room}`, [reads("room", nsp, room)], read),
        halves.membersAPage,
      ),
    // The shards of a namespace are read side by side; which comes first makes no difference to anybody.
    listNamespaceMembers: (nsp, part) => [
      toSteps(
        mergeShards(() => members.listNamespaceMembers(nsp, part)),
        (read) => step(`listNamespaceMembers ${nsp}`, [reads("everyone", nsp)], read),
      ),
    ],

    isChildNamespace: (parent, nsp) =>
      step(`isChildNamespace ${nsp}`, [reads("children", parent, nsp)], () =>
        own.isChildNamespace(parent, nsp),
      ),
    forgetChild: (parent, nsp, idleSinceMs) =>
      step(`forgetChild ${nsp}`, [writes("children", parent, nsp)], () =>
        own.forgetChild(parent, nsp, idleSinceMs),
      ),
    listChildNamespaces: (parent) =>
      step(`listChildNamespaces ${parent}`, [reads("children", parent)], () =>
        own.listChildNamespaces(parent),
      ),

    createPollingSession: (session, handshake, beat) =>
      step(
        "createPollingSession",
        [writes("session", session.sid), writes("outbox", toOutbox(session.sid)), writes("beat", beat.sid)],
        () => own.createPollingSession(session, handshake, beat),
      ),
    appendOutbox: (append) =>
      step(
        `appendOutbox [${append.frames}]${append.onlyIfParked ? " if parked" : ""}`,
        [writes("outbox", toOutbox(append.sid))],
        () => own.appendOutbox(append),
      ),
    closeOutbox: (sid, frames) =>
      step(`closeOutbox [${frames}]`, [writes("outbox", toOutbox(sid))], () => own.closeOutbox(sid, frames)),
    readOutbox: (sid) => step("readOutbox", [reads("outbox", toOutbox(sid))], () => own.readOutbox(sid)),
    openGet: (get) => step("openGet", [writes("outbox", toOutbox(get.sid))], () => own.openGet(get)),
    endGet: (sid, id, nowMs, seen) =>
      step("endGet", [writes("outbox", toOutbox(sid))], () => own.endGet(sid, id, nowMs, seen)),
    startProbe: (probe) =>
      step(`startProbe ${probe.connectionId}`, [writes("outbox", toOutbox(probe.sid))], () =>
        own.startProbe(probe),
      ),
    endProbe: (sid, connectionId) =>
      step(`endProbe ${connectionId}`, [writes("outbox", toOutbox(sid))], () =>
        own.endProbe(sid, connectionId),
      ),
    takeOutbox: (sid) => step("takeOutbox", [writes("outbox", toOutbox(sid))], () => own.takeOutbox(sid)),
    moveOutbox: (sid, connectionId) =>
      step(`moveOutbox ${connectionId}`, [writes("outbox", toOutbox(sid))], () =>
        own.moveOutbox(sid, connectionId),
      ),
    deleteOutbox: (sid) =>
      step("deleteOutbox", [writes("outbox", toOutbox(sid))], () => own.deleteOutbox(sid)),
    upgradeSession: (sid, connectionId) =>
      step(`upgradeSession ${connectionId}`, [writes("session", sid, "phase")], () =>
        own.upgradeSession(sid, connectionId),
      ),
    repairRoute: (nsp, room, sid, from, to) =>
      step(
        `repairRoute ${room ?? nsp}`,
        [room === undefined ? writes("everyone", nsp, sid) : writes("room", nsp, room, sid)],
        () => members.repairRoute(nsp, room, sid, from, to),
      ),

    expectAnswers: (question) =>
      step(
        "expectAnswers",
        question.sids.map((sid) => writes("ack", String(question.ackId), sid)),
        () => own.expectAnswers(question),
      ),
    saveAnswer: (answer) =>
      step("saveAnswer", [writes("ack", String(answer.ackId), answer.sid)], () => own.saveAnswer(answer)),
    listAnswers: (ackId) => step("listAnswers", [reads("ack", String(ackId))], () => own.listAnswers(ackId)),

    getPid: (pid) => step("getPid", [reads("pid", pid)], () => own.getPid(pid)),
    movePid: (pid, from, to) => step("movePid", [writes("pid", pid)], () => own.movePid(pid, from, to)),
    appendLog: (records, expiresAtSeconds) =>
      toLogs("appendLog", records, (ofRoom) => own.appendLog(ofRoom, expiresAtSeconds)),
    markLogDone: (places, doneAtMs, expiresAtSeconds) =>
      toLogs("markLogDone", places, (ofRoom) => own.markLogDone(ofRoom, doneAtMs, expiresAtSeconds)),
    listLog: (nsp, room, from, bound) =>
      halves.loggedRooms?.includes(room) === false
        ? own.listLog(nsp, room, from, bound)
        : step(`listLog ${room ?? nsp}`, [reads(toLog({ nsp, room }))], () =>
            own.listLog(nsp, room, from, bound),
          ),
    createHold: (hold, connectionId) =>
      step("createHold", [writes("outbox", toOutbox(hold))], () => own.createHold(hold, connectionId)),

    takeLease: (lease) => step("takeLease", [writes("lease", lease.sid)], () => own.takeLease(lease)),
    endLease: (sid, holder) => step("endLease", [writes("lease", sid)], () => own.endLease(sid, holder)),

    saveDeployment: (deployment) =>
      step("saveDeployment", [writes("deployment")], () => own.saveDeployment(deployment)),
    getDeployment: () => step("getDeployment", [reads("deployment")], () => own.getDeployment()),
    // Who is the first decides when posts begin, and no model asks that.
    reservePosts: (reservation) => own.reservePosts(reservation),
    cutPace: (cut, since) => own.cutPace(cut, since),
    countPoller: (span) => step("countPoller", [writes("pollers")], () => own.countPoller(span)),

    openBeat: (beat) => step("openBeat", [writes("beat", beat.sid)], () => own.openBeat(beat)),
    recordPong: (sid, pingIntervalMs, atMs) =>
      step("recordPong", [writes("beat", sid)], () => own.recordPong(sid, pingIntervalMs, atMs)),
    getBeat: (sid, pingIntervalMs) =>
      step("getBeat", [reads("beat", sid)], () => own.getBeat(sid, pingIntervalMs)),
    deleteBeat: (sid, pingIntervalMs) =>
      step("deleteBeat", [writes("beat", sid)], () => own.deleteBeat(sid, pingIntervalMs)),
    listBeats: (pingIntervalMs, fromPhaseMs, toPhaseMs) =>
      toSteps(own.listBeats(pingIntervalMs, fromPhaseMs, toPhaseMs), (read) =>
        step(
          "listBeats",
          halves.sids.filter((sid) => isBetween(sid, pingIntervalMs, fromPhaseMs, toPhaseMs)).map(toBeat),
          read,
        ),
      ),
    hasBeats: (pingIntervalMs) => step("hasBeats", [reads("beat")], () => own.hasBeats(pingIntervalMs)),
    listSweeps: () => step("listSweeps", [reads("sweep")], () => own.listSweeps()),
    saveSweep: (sweep, previous) =>
      step("saveSweep", [writes("sweep")], () => own.saveSweep(sweep, previous)),
    deleteSweep: (pingIntervalMs) =>
      step("deleteSweep", [writes("sweep")], () => own.deleteSweep(pingIntervalMs)),
  };
  return new Proxy(known, {
    get: (_, name: keyof Store) => known[name] ?? toUnknownStep(name),
  }) as Store;
}

/** Of one room, or of everyone in a namespace. */
const toLog = ({ nsp, room }: Pick<LogPlace, "nsp" | "room">): string =>
  reads("log", nsp, room === undefined ? "everyone" : `room ${room}`).what;

const toBeat = (sid: Sid): Touch => reads("beat", sid);

function isBetween(sid: Sid, pingIntervalMs: number, fromPhaseMs: number, toPhaseMs: number): boolean {
  const phaseMs = openedAtMs(sid) % pingIntervalMs;
  return fromPhaseMs <= phaseMs && phaseMs < toPhaseMs;
}

/** Everything a model's lists hold fits into one page, which is read when it is asked for. */
async function* toSteps<Row>(
  pages: AsyncIterable<readonly Row[]>,
  step: (read: () => Promise<readonly Row[]>) => Promise<readonly Row[]>,
  pageSize = Infinity,
): AsyncGenerator<readonly Row[]> {
  const iterator = pages[Symbol.asyncIterator]();
  for (;;) {
    const rows = await step(async () => (await iterator.next()).value ?? []);
    if (rows.length > 0) yield rows;
    // A page that is not full is the last, and that is known without another read.
    if (rows.length < pageSize) return;
  }
}

async function* mergeShards(
  list: () => readonly AsyncIterable<readonly Member[]>[],
): AsyncGenerator<readonly Member[]> {
  // Asked for at the same moment, so that they are one read.
  const pages = await Promise.all(list().map((shard) => shard[Symbol.asyncIterator]().next()));
  const rows = pages.flatMap(({ value }) => (value as readonly Member[] | undefined) ?? []);
  yield rows.sort((a, b) => (a.sid < b.sid ? -1 : 1));
}
