import { DataBudget, toDataBytes } from "./data-budget.ts";
import type { SocketRecord } from "../../state/records.ts";
import type { SocketChanges } from "../../state/store.ts";

/** A row keeps several kinds of values, told apart by these prefixes. */
export const DATA = "data.";
export const OWN = "own.";
export const REQUEST = "request.";
/** The session on `socket.request`, where it is not the one of the handshake any more. */
export const SESSION = "session.";
/** Members of `socket.handshake` that handlers have written to. */
export const HANDSHAKE = "handshake.";
/** Events whose handlers changed the handlers. */
export const JOURNAL = "journal.";
/** What connection listeners learnt in their live run: `<listener>.<key>`. */
export const LEARNT = "learnt.";
/** What connection listeners did in their live run. */
export const DIGEST = "digest.";
/** With recovery, the rooms that the socket has left last: its client may show the offset of a packet of theirs. */
export const LEFT_ROOMS = "left.rooms";
export const MAX_LEFT_ROOMS = 8;

/** The keys of a row under which a replay on another instance looks for what the live run learns meanwhile. */
export const resultKey = (listener: number, key: string): string => `${LEARNT}${listener}.${key}`;

/** The stored values of `socket.data`, as JSON text by key. */
export const storedData = (record: SocketRecord): Record<string, string> => withoutPrefix(record.data, DATA);

/** What is kept beside `socket.data`, as far as the limit of both goes. */
export function toOtherBudget({ data }: SocketRecord): DataBudget {
  const budget = new DataBudget();
  for (const prefix of [OWN, REQUEST, SESSION, HANDSHAKE])
    budget.set({}, toDataBytes(Object.entries(withoutPrefix(data, prefix))));
  return budget;
}

/** Changes of `socket.data`, as its row has them. */
export const toDataChanges = ({ set, remove }: Pick<SocketChanges, "set" | "remove">): SocketChanges => ({
  set: withPrefix(set, DATA),
  remove: remove.map((key) => DATA + key),
  spent: [],
});

/** The stored values that belong to the client's state, and not to the handlers of one connection. */
export const withoutJournal = (data: SocketRecord["data"]): Record<string, string> =>
  Object.fromEntries(
    Object.entries(data).filter(([key]) =>
      [DATA, OWN, REQUEST, LEFT_ROOMS].some((prefix) => key.startsWith(prefix)),
    ),
  );

export const leftRoomsOf = ({ data }: Pick<SocketRecord, "data">): readonly string[] =>
  JSON.parse(data[LEFT_ROOMS] ?? "[]") as string[];

/** Whether a key is of what connection listeners learnt or did, or of rooms that were left. */
export const isNote = (key: string): boolean =>
  [LEARNT, DIGEST, LEFT_ROOMS].some((prefix) => key.startsWith(prefix));

export const withPrefix = (
  values: Readonly<Record<string, string>>,
  prefix: string,
): Record<string, string> =>
  Object.fromEntries(Object.entries(values).map(([key, text]) => [prefix + key, text]));

export const withoutPrefix = (
  values: Readonly<Record<string, string>>,
  prefix: string,
): Record<string, string> =>
  Object.fromEntries(
    Object.entries(values)
      .filter(([key]) => key.startsWith(prefix))
      .map(([key, text]) => [key.slice(prefix.length), text]),
  );
