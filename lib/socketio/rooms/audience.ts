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
 * The members of an audience, or of a part of it, each once, in ascending order of session, some at a time: a merge of sorted
 * streams, so that memory does not grow with the rooms. One request per page and stream; one more stream per excluded room.
 */
export async function* listAudience(
  store: Store,
  audience: Audience,
  part?: MemberPart,
): AsyncGenerator<readonly Listed[]> {
  const isWanted = await leaveOut(store, audience, part);
  for await (const page of merge(openPages(store, audience, part))) {
    const wanted = page.filter(isWanted);
    if (wanted.length > 0) yield wanted;
  }
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

/** Up to where the first of the pages at hand ends, again and again. */
async function* merge(streams: readonly Pages[]): AsyncGenerator<readonly Listed[]> {
  const [only, ...others] = streams;
  if (only !== undefined && others.length === 0) {
    for await (const page of only.pages) yield page.map((member) => ({ member, room: only.room }));
    return;
  }
  const heads = streams.map(({ pages, room }): Head => {
    return { pages: pages[Symbol.asyncIterator](), room, page: [], isOver: false };
  });
  for (;;) {
    await Promise.all(heads.map(turnPage));
    const [last] = heads.flatMap(({ page }) => page.at(-1)?.sid ?? []).toSorted();
    if (last === undefined) return;
    yield heads.flatMap((head) => takeUpTo(head, last)).sort(bySession);
  }
}

/** What is left of a stream's page. */
interface Head {
  readonly pages: AsyncIterator<readonly Member[]>;
  readonly room: string | undefined;
  page: readonly Member[];
  isOver: boolean;
}

async function turnPage(head: Head): Promise<void> {
  while (head.page.length === 0 && !head.isOver) {
    const { done, value } = await head.pages.next();
    if (done) head.isOver = true;
    else head.page = value;
  }
}

function takeUpTo(head: Head, last: Sid): readonly Listed[] {
  const { page, room } = head;
  const end = page.findIndex(({ sid }) => sid > last);
  head.page = end === -1 ? [] : page.slice(end);
  return (end === -1 ? page : page.slice(0, end)).map((member) => ({ member, room }));
}
