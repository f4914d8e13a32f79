import type { Sid } from "../../ids.ts";
import type { Member } from "../../state/records.ts";
import type { Store } from "../../state/store.ts";

/** Whom an emit is for: the union of `rooms` (everyone, if there are none) without whoever is in one of `except`. */
export interface Audience {
  readonly nsp: string;
  readonly rooms: ReadonlySet<string>;
  readonly except: ReadonlySet<string>;
  /** A socket left out by session rather than by a room that would have to be read. */
  readonly exceptSid?: Sid | undefined;
  /** The id of that socket in the namespace, as a log names it. */
  readonly exceptSocketId?: string | undefined;
}

export interface Listed {
  readonly member: Member;
  /** The room whose row named the member; undefined: the namespace's. */
  readonly room: string | undefined;
}

/**
 * The members of an audience, each once, in ascending order of session: a merge of sorted streams, so that memory
 * does not grow with the rooms. One request per page and stream; one more stream per excluded room.
 */
export async function* listAudience(store: Store, audience: Audience): AsyncGenerator<Listed> {
  const excluded = await listExcluded(store, audience);
  let lastSid: Sid | undefined;
  for await (const listed of merge(openStreams(store, audience))) {
    const { sid } = listed.member;
    if (sid === lastSid) continue;
    lastSid = sid;
    // By its id as well: a turn of before may still run when its client has got its state back in another session.
    if (!excluded.has(sid) && listed.member.socketId !== audience.exceptSocketId) yield listed;
  }
}

async function listExcluded(store: Store, { nsp, except, exceptSid }: Audience): Promise<Set<Sid>> {
  const excluded = new Set<Sid>(exceptSid === undefined ? [] : [exceptSid]);
  const addRoom = async (room: string) => {
    for await (const page of store.listRoomMembers(nsp, room)) for (const { sid } of page) excluded.add(sid);
  };
  await Promise.all([...except].map(addRoom));
  return excluded;
}

function openStreams(store: Store, { nsp, rooms }: Audience): AsyncIterator<Listed>[] {
  if (rooms.size === 0) return store.listNamespaceMembers(nsp).map((pages) => toListed(pages, undefined));
  return [...rooms].map((room) => toListed(store.listRoomMembers(nsp, room), room));
}

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
