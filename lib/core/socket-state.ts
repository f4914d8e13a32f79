import type { Sid, SocketId } from "../ids.ts";
import type { SocketRecord } from "../state/records.ts";
import type { SocketChanges, Store } from "../state/store.ts";
import type { CoreError } from "./errors.ts";
import type { Internals } from "./internals.ts";
import { OwnProperties } from "./own-properties.ts";
import { SocketData } from "./socket-data.ts";
import { currentContext } from "./turn.ts";

/** A row keeps both kinds of an app's values, told apart by these prefixes. */
const DATA = "data.";
const OWN = "own.";

/** The stored values of `socket.data`, as JSON text by key. */
export const storedData = (record: SocketRecord): Record<string, string> => withoutPrefix(record.data, DATA);

/** Reports what cannot be stored as a failure of the app's handlers. */
export const toReporter =
  (internals: Pick<Internals, "reportFailure">, { nsp, socketId }: SocketRecord) =>
  (error: CoreError): void => {
    internals.reportFailure({ error, event: "data", nsp, socketId });
  };

/**
 * What is known of one socket while a batch with packets of its session runs. The turns of the batch share it, so the
 * second packet sees the rooms and data the first one left, with no read between.
 */
export class SocketState {
  readonly sid: Sid;
  readonly nsp: string;
  readonly id: SocketId;
  readonly connectedAtMs: number;
  readonly rooms: Set<string>;
  readonly auth: Readonly<Record<string, unknown>>;
  readonly data: SocketData;
  readonly own: OwnProperties;
  /** `once` registrations that have fired, now or in an earlier turn. */
  readonly spent: Set<string>;
  /** False before CONNECT is accepted, and after the socket has left its namespace. */
  connected: boolean;
  readonly #storedSpent: Set<string>;
  #saving: Promise<unknown> = Promise.resolve();

  constructor(
    sid: Sid,
    record: SocketRecord,
    options: {
      readonly rooms: Iterable<string>;
      readonly auth: Readonly<Record<string, unknown>>;
      readonly connected: boolean;
      /** Told of values of the app that cannot be stored; the others are. */
      readonly onUnstorable: (error: CoreError) => void;
    },
  ) {
    this.sid = sid;
    this.nsp = record.nsp;
    this.id = record.socketId;
    this.connectedAtMs = record.connectedAtMs;
    this.rooms = new Set(options.rooms);
    this.auth = options.auth;
    this.connected = options.connected;
    this.data = new SocketData(storedData(record), isReplaying, options.onUnstorable);
    const own = new SocketData(withoutPrefix(record.data, OWN), isReplaying, options.onUnstorable, "socket");
    this.own = new OwnProperties(own, options.onUnstorable);
    this.spent = new Set(record.spent);
    this.#storedSpent = new Set(record.spent);
  }

  /** Rooms without the socket's own. */
  get joinedRooms(): string[] {
    return [...this.rooms].filter((room) => room !== this.id);
  }

  /** The state as a row, for CONNECT; what it holds counts as stored from now on. */
  toRecord(): SocketRecord {
    const { changes, markStored } = this.#findChanges();
    markStored();
    return {
      nsp: this.nsp,
      socketId: this.id,
      connectedAtMs: this.connectedAtMs,
      data: changes?.set ?? {},
      spent: changes?.spent ?? [],
    };
  }

  /** Writes what has changed since it was last stored, after any write still under way. At most one request. */
  save(store: Store): Promise<void> {
    const saved = this.#saving.then(async () => {
      if (!this.connected) return;
      const { changes, markStored } = this.#findChanges();
      if (changes === undefined) return;
      await store.saveSocket(this.sid, this.nsp, this.id, changes);
      // Only now: what could not be written is written by the next save.
      markStored();
    });
    this.#saving = saved.catch(() => undefined);
    return saved;
  }

  #findChanges(): { readonly changes: SocketChanges | undefined; readonly markStored: () => void } {
    const data = this.data.changes();
    const own = this.own.changes();
    const spent = [...this.spent].filter((key) => !this.#storedSpent.has(key));
    const markStored = () => {
      if (data) this.data.markStored(data);
      if (own) this.own.markStored(own);
      for (const key of spent) this.#storedSpent.add(key);
    };
    if (data === undefined && own === undefined && spent.length === 0)
      return { changes: undefined, markStored };
    const changes = {
      set: { ...withPrefix(data?.set ?? {}, DATA), ...withPrefix(own?.set ?? {}, OWN) },
      remove: [
        ...(data?.remove ?? []).map((key) => DATA + key),
        ...(own?.remove ?? []).map((key) => OWN + key),
      ],
      spent,
    };
    return { changes, markStored };
  }
}

const isReplaying = (): boolean => currentContext()?.mode === "replay";

const withPrefix = (values: Readonly<Record<string, string>>, prefix: string): Record<string, string> =>
  Object.fromEntries(Object.entries(values).map(([key, text]) => [prefix + key, text]));

const withoutPrefix = (values: Readonly<Record<string, string>>, prefix: string): Record<string, string> =>
  Object.fromEntries(
    Object.entries(values)
      .filter(([key]) => key.startsWith(prefix))
      .map(([key, text]) => [key.slice(prefix.length), text]),
  );
