import type { Sid } from "../../ids.ts";
import type { Member } from "../../state/records.ts";
import type { MemberPart, Store } from "../../state/store.ts";
import { rangeUpTo } from "./key-ranges.ts";

/** Whom an emit is for: the union of `rooms` (everyone, if there are none) without whoever is in one of `except`. */
export interface Audience {
  readonly nsp: string;
  readonly rooms: ReadonlySet<string>;
  readonly except: ReadonlySet<string>;
  /** A socket left out by session rather than by a room that would have to be read. */
  readonly exceptSid?: Sid | undefined;
  /** The id of that socket in the namespace, as a log names it. */
  readonly exceptSocketId?: string | undefined;
  /** Of a part of a broadcast: who has been sent it already, and who has been disconnected by whoever broadcasts. */
  readonly exceptSids?: readonly Sid[];
  readonly exceptSocketIds?: readonly string[];
}

export interface Listed {
  readonly member: Member;
  /** The room whose row named the member; undefined: the namespace's. */
  readonly room: string | undefined;
}

/**
 * The members of an audience, or of a part of it, each once, in ascending order of session: a merge of sorted streams, so
 * that memory does not grow with the rooms. One request per page and stream; one more stream per excluded room.
 */
export async function* listAudience(
  store: Store,
  audience: Audience,
  part?: MemberPart,
): AsyncGenerator<Listed> {
  const isWanted = await leaveOut(store, audience, part);
  for await (const listed of merge(openStreams(store, audience, part))) if (isWanted(listed)) yield listed;
}

/** An audience of which a page has been read. */
export interface OpenedAudience {
  /** All of it, or all up to `last`. */
  readonly listed: readonly Listed[];
  /** Undefined when there is nobody behind. */
  readonly last: Sid | undefined;
}

/** Reads the first page of each stream: the same requests as to list them, and where one goes on, the page behind. */
export async function openAudience(store: Store, audience: Audience): Promise<OpenedAudience> {
  const streams = await Promise.all(openPages(store, audience).map(openPage));
  const ends = streams.flatMap(({ page, goesOn }) => (goesOn ? (page.at(-1)?.sid ?? []) : []));
  const last = ends.toSorted().at(0);
  const range = last === undefined ? undefined : { range: rangeUpTo(last) };
  const isWanted = await leaveOut(store, audience, range);
  const isUpToLast = ({ sid }: Member) => last === undefined || sid <= last;
  const read = streams.flatMap(({ page, room }) =>
    page.filter(isUpToLast).map((member) => ({ member, room }) satisfies Listed),
  );
  if (streams.length > 1) read.sort(bySession);
  return { last, listed: read.filter(isWanted) };
}

const bySession = ({ member: { sid: one } }: Listed, { member: { sid: other } }: Listed): number =>
  one < other ? -1 : one > other ? 1 : 0;

async function openPage({ pages, room }: Pages) {
  const iterator = pages[Symbol.asyncIterator]();
  const first = await iterator.next();
  if (first.done) return { page: [], room, goesOn: false };
  const goesOn = !(await iterator.next()).done;
  return { page: first.value, room, goesOn };
}

/** What tells, of members in ascending order, who is for the first time there and is not to be left out. */
async function leaveOut(
  store: Store,
  { nsp, except, exceptSid, exceptSids = [], exceptSocketId, exceptSocketIds = [] }: Audience,
  part: MemberPart | undefined,
): Promise<(listed: Listed) => boolean> {
  const excluded = new Set<Sid>(exceptSid === undefined ? exceptSids : [exceptSid, ...exceptSids]);
  const addRoom = async (room: string) => {
    for await (const page of store.listRoomMembers(nsp, room, part))
      for (const { sid } of page) excluded.add(sid);
  };
  await Promise.all([...except].map(addRoom));
  // By its id as well: a turn of before may still run when its client has got its state back in another session.
  const sockets = new Set<string | undefined>([exceptSocketId, ...exceptSocketIds]);
  let lastSid: Sid | undefined;
  return ({ member: { sid, socketId } }) => {
    if (sid === lastSid) return false;
    lastSid = sid;
    return !excluded.has(sid) && !sockets.has(socketId);
  };
}

interface Pages {
  readonly pages: AsyncIterable<readonly Member[]>;
  readonly room: string | undefined;
}

function openPages(store: Store, { nsp, rooms }: Audience, part?: MemberPart): Pages[] {
  if (rooms.size === 0)
    return store.listNamespaceMembers(nsp, part).map((pages) => ({ pages, room: undefined }));
  return [...rooms].map((room) => ({ pages: store.listRoomMembers(nsp, room, part), room }));
}

const openStreams = (store: Store, audience: Audience, part?: MemberPart): AsyncIterator<Listed>[] =>
  openPages(store, audience, part).map(({ pages, room }) => toListed(pages, room));

async function* toListed(
  pages: AsyncIterable<readonly Member[]>,
  room: string | undefined,
): AsyncGenerator<Listed> {
  for await (const page of pages) for (const member of page) yield { member, room };
}

async function* merge(streams: readonly AsyncIterator<Listed>[]): AsyncGenerator<Listed> {
  const heads = await Promise.all(streams.map((stream) => stream.next()));
  for (;;) {
    let least = -1;
    for (const [index, head] of heads.entries()) {
      if (head.done) continue;
      const best = heads[least];
      if (best === undefined || best.done || head.value.member.sid < best.value.member.sid) least = index;
    }
    const head = heads[least];
    const stream = streams[least];
    if (head === undefined || head.done || stream === undefined) return;
    yield head.value;
    heads[least] = await stream.next();
  }
}
