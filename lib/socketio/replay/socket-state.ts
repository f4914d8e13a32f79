import type { Pid, Sid, SocketId } from "../../ids.ts";
import type { RequestRecord, SocketRecord } from "../../state/records.ts";
import type { SharedPlace } from "../../state/shared-store.ts";
import type { SocketChanges, Store } from "../../state/store.ts";
import type { CoreError } from "../../engine/errors.ts";
import type { FailureReport } from "./handler-failure.ts";
import { Journal } from "./registration-journal.ts";
import { OwnProperties } from "./own-properties.ts";
import {
  DATA,
  OWN,
  REQUEST,
  SESSION,
  HANDSHAKE,
  JOURNAL,
  DIGEST,
  resultKey,
  isNote,
  LEFT_ROOMS,
  MAX_LEFT_ROOMS,
  withPrefix,
  withoutPrefix,
} from "./socket-row.ts";
import { KeptHandshake } from "./kept-handshake.ts";
import { RowNotes } from "./row-notes.ts";
import { RequestSession } from "./request-session.ts";
import { DataBudget } from "./data-budget.ts";
import { SocketData } from "./socket-data.ts";
import { currentContext } from "../../engine/turn.ts";

/** Something else that is kept in a socket's row, whose making not every app has. */
export interface KeptBeside {
  /** What must be written so that the row has the present; undefined when it does. */
  changes(): Pick<SocketChanges, "set" | "remove"> | undefined;
  markStored(changes: Pick<SocketChanges, "set" | "remove">): void;
}

/** What it is given to work with. */
export interface KeptPlace {
  readonly stored: Readonly<Record<string, string>>;
  readonly budget: DataBudget;
  readonly onUnstorable: (error: CoreError) => void;
}

/** Anything with the state of a socket. */
export interface KeptSocket {
  readonly internalState: SocketState;
}

/** Reports what cannot be stored as a failure of a handler, as far as it is known of which. */
export const toReporter =
  (internals: FailureReport, { nsp, socketId }: SocketRecord) =>
  (error: CoreError, event: string): void => {
    internals.reportFailure({ error, event, nsp, socketId });
  };

/** So many events are named that may have put there what cannot be stored. */
const MAX_HANDLED = 5;

/**
 * What is known of one socket while a batch with packets of its session runs. The turns of the batch share it, so the
 * second packet sees the rooms and data the first one left, with no read between.
 */
export class SocketState {
  readonly sid: Sid;
  readonly nsp: string;
  /** The dynamic namespace that its own is a child of. */
  readonly parent: string | undefined;
  /** With recovery: the private id, by which its client gets its state back. */
  readonly pid: Pid | undefined;
  readonly id: SocketId;
  /** Its rooms are counted, for somebody listens to them. */
  readonly counted: boolean;
  /** When it was let in first; in a turn that lets one in, until then the time at which it asked. */
  connectedAtMs: number;
  readonly rooms: Set<string>;
  /** Entries of shared maps that it may own, by map and key. */
  readonly owned = new Map<string, SharedPlace>();
  readonly auth: Readonly<Record<string, unknown>>;
  readonly own: OwnProperties;
  /** What the app has added to `socket.request`. */
  readonly request: OwnProperties;
  #data: SocketData | undefined;
  #session: { readonly values: SocketData; readonly view: RequestSession } | undefined;
  /** By its prefix in the row. */
  readonly #beside = new Map<string, KeptBeside>();
  /** What middlewares of the handshake have put on the request. */
  readonly #kept: RequestRecord | undefined;
  readonly #budget = new DataBudget(() => [this.data, this.session]);
  readonly #onUnstorable: (error: CoreError) => void;
  #handshake: KeptHandshake | undefined;
  /** Events of this batch whose handlers may have changed what is kept. */
  readonly #handled = new Set<string>();
  /** Whether it continues the state of a socket that was disconnected. */
  readonly recovered: boolean;
  readonly journal: Journal;
  readonly #notes: RowNotes;
  /** `once` registrations that have fired, now or in an earlier turn. */
  readonly spent: Set<string>;
  /** False before CONNECT is accepted, and after the socket has left its namespace. */
  connected: boolean;
  /** How many of them the table has. */
  #storedSpent: number;
  readonly #restored: SocketRecord["data"];
  #isDataNews = false;
  /** A write of it that is under way, or the last one of several. */
  #saving: Promise<unknown> | undefined;
  /** When it joined rooms last, and what rank one has that it joins in the same millisecond. */
  #joinedAtMs = 0;
  #nextRank = 0;

  constructor(
    sid: Sid,
    record: SocketRecord,
    options: {
      readonly rooms: Iterable<string>;
      readonly auth: Readonly<Record<string, unknown>>;
      readonly connected: boolean;
      readonly recovered?: boolean;
      /** What middlewares of the handshake have put on the request. */
      readonly kept?: RequestRecord | undefined;
      /** Told of values of the app that cannot be stored; the others are. */
      readonly onUnstorable: (error: CoreError, event: string) => void;
    },
  ) {
    this.sid = sid;
    this.nsp = record.nsp;
    this.parent = record.parent;
    this.pid = record.pid;
    this.counted = record.counted ?? false;
    this.#restored = record.data;
    this.id = record.socketId;
    this.connectedAtMs = record.connectedAtMs;
    this.rooms = new Set(options.rooms);
    this.auth = options.auth;
    this.connected = options.connected;
    // Before any handler there are middlewares alone.
    this.#onUnstorable = (error) => options.onUnstorable(error, [...this.#handled].join(" or ") || "connect");
    this.#kept = options.kept;
    this.own = this.#toOwn(OWN, "socket");
    this.request = this.#toOwn(REQUEST, "socket.request", options.kept?.values);
    this.recovered = options.recovered ?? false;
    this.journal = new Journal(withoutPrefix(record.data, JOURNAL));
    this.#notes = new RowNotes(record.data, isNote);
    this.spent = new Set(record.spent);
    this.#storedSpent = this.spent.size;
  }

  get data(): SocketData {
    return (this.#data ??= this.#toData(DATA));
  }

  get session(): RequestSession {
    if (this.#session === undefined) {
      const kept = RequestSession.stored(this.#kept?.session);
      const values = this.#toData(SESSION, "socket.request.session", kept);
      this.#session = { values, view: new RequestSession(values) };
    }
    return this.#session.view;
  }

  /** `socket.handshake`: as the client has shown it, and what was written into it since. */
  handshakeOver(shown: () => object): object {
    this.#handshake ??= new KeptHandshake(
      shown(),
      withoutPrefix(this.#restored, HANDSHAKE),
      this.#onUnstorable,
      this.#budget,
    );
    return this.#handshake.view;
  }

  /** What is kept under a prefix of the row, as `create` makes it of what is there. */
  keptBeside<Kept extends KeptBeside>(prefix: string, create: (place: KeptPlace) => Kept): Kept {
    const known = this.#beside.get(prefix);
    if (known !== undefined) return known as Kept;
    const kept = create({
      stored: withoutPrefix(this.#restored, prefix),
      budget: this.#budget,
      onUnstorable: this.#onUnstorable,
    });
    this.#beside.set(prefix, kept);
    return kept;
  }

  /** What a connection listener's live run has learnt so far, by the key under which it was asked for. */
  resultsOf(listener: number): [string, string][] {
    return this.#notes.behind(resultKey(listener, ""));
  }

  noteResult(listener: number, key: string, packed: string): void {
    this.#notes.set(resultKey(listener, key), packed);
  }

  /** What a connection listener's live run did; undefined while nothing is known of it. */
  digestOf(listener: number): string | undefined {
    return this.#notes.get(`${DIGEST}${listener}`);
  }

  noteDigest(listener: number, digest: string): void {
    this.#notes.set(`${DIGEST}${listener}`, digest);
  }

  /** Takes the socket out of a room; false when it was not in it. */
  leave(room: string): boolean {
    if (!this.rooms.delete(room)) return false;
    if (this.pid !== undefined && this.connected) {
      const before = JSON.parse(this.#notes.get(LEFT_ROOMS) ?? "[]") as string[];
      const rooms = [...before.filter((other) => other !== room), room].slice(-MAX_LEFT_ROOMS);
      this.#notes.set(LEFT_ROOMS, JSON.stringify(rooms));
    }
    return true;
  }

  /** The first of as many ranks for rooms that are joined at that time. */
  takeRanks(atMs: number, count: number): number {
    const first = atMs === this.#joinedAtMs ? this.#nextRank : 0;
    this.#joinedAtMs = atMs;
    this.#nextRank = first + count;
    return first;
  }

  /** Rooms without the socket's own. */
  get joinedRooms(): string[] {
    return [...this.rooms].filter((room) => room !== this.id);
  }

  /** The state as a row, for CONNECT; what it holds counts as stored from now on. */
  toRecord(): SocketRecord {
    const { changes, markStored } = this.#findChanges();
    markStored();
    this.#isDataNews = false;
    const kept = Object.entries(this.#restored).filter(([key]) => !changes?.remove.includes(key));
    return {
      nsp: this.nsp,
      socketId: this.id,
      ...(this.pid === undefined ? {} : { pid: this.pid }),
      ...(this.parent === undefined ? {} : { parent: this.parent }),
      ...(this.counted ? { counted: true } : {}),
      connectedAtMs: this.connectedAtMs,
      data: { ...Object.fromEntries(kept), ...changes?.set },
      spent: changes?.spent ?? [],
    };
  }

  noteHandled(event: string): void {
    if (this.#handled.size < MAX_HANDLED) this.#handled.add(event);
  }

  /** Whether something of `data` has been stored, from its CONNECT on, since this was last asked. */
  takeDataNews(): boolean {
    const isNews = this.#isDataNews;
    this.#isDataNews = false;
    return isNews;
  }

  /**
   * Writes what has changed since it was last stored, after any write still under way. At most one request; undefined:
   * nothing has changed, and nothing is under way.
   */
  save(store: Store): Promise<void> | undefined {
    const write = (): Promise<void> | undefined => {
      if (!this.connected) return undefined;
      const { changes, markStored } = this.#findChanges();
      if (changes === undefined) return undefined;
      // Marked then only: what could not be written is written by the next save.
      return store.saveSocket(this.sid, this.nsp, this.id, changes).then(markStored);
    };
    const saved = this.#saving === undefined ? write() : this.#saving.then(write);
    if (saved !== undefined) this.#await(saved.catch(() => undefined));
    return saved;
  }

  #await(saving: Promise<unknown>): void {
    this.#saving = saving;
    void saving.then(() => {
      if (this.#saving === saving) this.#saving = undefined;
    });
  }

  /** What is to be written by somebody else, who ends it; until then no other write of this socket begins. */
  async beginSave(): Promise<{ changes: SocketChanges | undefined; end: (isStored: boolean) => void }> {
    let release: () => void = () => undefined;
    const before = this.#saving;
    this.#await(new Promise<void>((resolve) => (release = resolve)));
    if (before) await before;
    const { changes, markStored } = this.connected ? this.#findChanges() : NO_CHANGES;
    const end = (isStored: boolean) => {
      if (isStored) markStored();
      release();
    };
    return { changes, end };
  }

  #findChanges(): { readonly changes: SocketChanges | undefined; readonly markStored: () => void } {
    const data = this.#data?.changes();
    const own = this.own.changes();
    const request = this.request.changes();
    const session = this.#session?.values.changes();
    const handshake = this.#handshake?.changes();
    const journal = this.journal.changes();
    const beside = [...this.#beside].flatMap(([prefix, kept]) => {
      const changed = kept.changes();
      return changed === undefined ? [] : [{ prefix, kept, changed }];
    });
    const notes = this.#notes.changes();
    const others = beside.length + (this.spent.size - this.#storedSpent);
    if (!data && !own && !request && !session && !handshake && !journal && !notes && others === 0)
      return NO_CHANGES;
    const { set: gone, remove } = this.#toRemovals(
      (data?.remove ?? []).map((key) => DATA + key),
      (own?.remove ?? []).map((key) => OWN + key),
      (request?.remove ?? []).map((key) => REQUEST + key),
      (session?.remove ?? []).map((key) => SESSION + key),
    );
    const spent = [...this.spent].slice(this.#storedSpent);
    const markStored = () => {
      if (data) {
        this.#data?.markStored(data);
        this.#isDataNews = true;
      }
      if (own) this.own.markStored(own);
      if (request) this.request.markStored(request);
      if (session) this.#session?.values.markStored(session);
      if (handshake) this.#handshake?.markStored(handshake);
      if (journal) this.journal.markStored(journal);
      for (const { kept, changed } of beside) kept.markStored(changed);
      if (notes) this.#notes.markStored(notes);
      this.#storedSpent += spent.length;
    };
    const changes = {
      set: {
        ...withPrefix(data?.set ?? {}, DATA),
        ...withPrefix(own?.set ?? {}, OWN),
        ...withPrefix(request?.set ?? {}, REQUEST),
        ...withPrefix(session?.set ?? {}, SESSION),
        ...withPrefix(handshake?.set ?? {}, HANDSHAKE),
        ...withPrefix(journal ?? {}, JOURNAL),
        ...Object.assign({}, ...beside.map(({ prefix, changed }) => withPrefix(changed.set, prefix))),
        ...notes,
        ...gone,
      },
      remove,
      spent,
    };
    return { changes, markStored };
  }

  /** `kept`: what is there of it unless the row says otherwise. */
  #toData(prefix: string, path?: string, kept: Readonly<Record<string, string>> = {}): SocketData {
    const own = withoutPrefix(this.#restored, prefix);
    const stored = Object.fromEntries(
      Object.entries({ ...kept, ...own }).filter(([, text]) => text !== GONE),
    );
    return new SocketData(stored, isReplaying, this.#onUnstorable, path, this.#budget);
  }

  #toOwn(prefix: string, path: string, kept?: Readonly<Record<string, string>>): OwnProperties {
    return new OwnProperties(this.#toData(prefix, path, kept), this.#onUnstorable, path);
  }

  /** What the handshake has would be there again, if its row did not say that it is gone. */
  #toRemovals(...keys: readonly string[][]): SocketRemovals {
    const all = keys.flat();
    const kept = new Set([
      ...Object.keys(this.#kept?.values ?? {}).map((key) => REQUEST + key),
      ...Object.keys(RequestSession.stored(this.#kept?.session)).map((key) => SESSION + key),
    ]);
    const isKept = (key: string) => kept.has(key);
    return {
      set: Object.fromEntries(all.filter(isKept).map((key) => [key, GONE])),
      remove: all.filter((key) => !isKept(key)),
    };
  }
}

const NO_CHANGES = { changes: undefined, markStored: (): void => undefined };

type SocketRemovals = Pick<SocketChanges, "set" | "remove">;

/** JSON of nothing: a value of the handshake that handlers have removed. */
const GONE = "";

const isReplaying = (): boolean => currentContext()?.mode === "replay";
