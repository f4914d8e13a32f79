/**
 * What the local runtime tells whoever watches it, one kind a variant. `docs/inspector.md` describes them for readers.
 * Times are epoch milliseconds with fractions, durations milliseconds. Sessions are named as in the log: `sessionTag`.
 */
export type InspectorEvent = Told & { readonly n: number; readonly atMs: number };

/** On whose behalf something was done: an invocation, and in it one packet, as far as that is known. */
export interface Cause {
  readonly invocation: string;
  readonly letter?: string;
  /** Which frame of the letter. */
  readonly index?: number;
}

export type LetterKind =
  "opened" | "born" | "frame" | "payload" | "closed" | "kick" | "serverSide" | "timer" | "reap" | "other";

export type InvocationKind = "batch" | "authorizer" | "request" | "route" | "schedule" | "asynchronous";

export type InstanceState = "starting" | "idle" | "busy" | "frozen" | "ended";

export interface Switches {
  /** Probability, 0 to 1, that an invocation's process is killed. */
  readonly chaos: number;
  readonly antiAffinity: boolean;
  readonly freeze: boolean;
  /** Fraction, 0 to 1, of posts that are answered 429. */
  readonly throttle: number;
}

export interface PacketRun {
  readonly letter: string;
  readonly index: number;
  readonly startedMs: number;
  readonly ms: number;
  /** Of `ms`: connection listeners run again to bind handlers; absent where nothing was replayed. */
  readonly replayMs?: number;
  /** Live calls of the app's listeners; `atMs` from the packet's start. */
  readonly handlers: readonly { readonly event: string; readonly atMs: number; readonly ms: number }[];
}

export type Told =
  | {
      readonly type: "connection.opened";
      readonly connection: string;
      readonly session: string | undefined;
      readonly sid: string | undefined;
      readonly openedAtMs: number;
    }
  /** Its client has vanished without a word: posts go into the void. */
  | {
      readonly type: "connection.dropped";
      readonly connection: string;
      readonly session: string | undefined;
    }
  | {
      readonly type: "connection.closed";
      readonly connection: string;
      readonly session: string | undefined;
      /** Status of the close, as `$disconnect` has it. */
      readonly code: number;
      readonly reason: string;
    }
  /** Something was put into the mailbox, or, in direct ordering, given to a function. */
  | {
      readonly type: "letter";
      readonly letter: string;
      readonly kind: LetterKind;
      readonly session: string | undefined;
      readonly sid: string | undefined;
      readonly connection?: string;
      readonly queue: string;
      readonly group: string;
      readonly lane: "main" | "life" | "ack";
      /** Its frames as Engine.IO writes them, each cut to `MAX_TEXT` characters. */
      readonly texts: readonly string[];
      /** How many frames it has, also where `texts` has fewer. */
      readonly frames: number;
      readonly bytes: number;
      /** Absent: the gateway wrote it. */
      readonly cause?: Cause;
    }
  /** Letters were handed to an instance. */
  | {
      readonly type: "batch";
      readonly invocation: string;
      readonly queue: string;
      readonly letters: readonly {
        readonly letter: string;
        readonly waitedMs: number;
        /** How often it has been handed over, this time included. */
        readonly receives: number;
      }[];
    }
  /** Letters of it come back; all others of all batches are deleted when their invocation has ended. */
  | { readonly type: "batch.failed"; readonly invocation: string; readonly again: readonly string[] }
  | { readonly type: "letter.dead"; readonly letter: string; readonly queue: string }
  | {
      readonly type: "invocation";
      readonly invocation: string;
      readonly kind: InvocationKind;
      readonly function: string;
      readonly pid: number;
      /** The first of its instance. */
      readonly cold: boolean;
      /** Whether its packets and requests are told; under load not all are. */
      readonly traced: boolean;
    }
  | {
      readonly type: "invocation.ended";
      readonly invocation: string;
      readonly pid: number;
      readonly outcome: "answered" | "threw" | "crashed";
      readonly ms: number;
      readonly message?: string;
    }
  /** A packet has run to its end on an instance. */
  | ({ readonly type: "packet"; readonly invocation: string; readonly pid: number } & PacketRun)
  | {
      readonly type: "table";
      readonly cause: Cause;
      readonly action: string;
      /** `pk sk` of rows, `pk` of queries: twenty at most. */
      readonly keys: readonly string[];
      readonly readUnits: number;
      readonly writeUnits: number;
      readonly ms: number;
      /** Name of the exception. */
      readonly error?: string;
    }
  | {
      readonly type: "post";
      readonly cause: Cause | undefined;
      readonly connection: string;
      readonly session: string | undefined;
      readonly text: string;
      readonly bytes: number;
      /** 200: sent. 410: gone. 413: too large. 429: throttled. */
      readonly status: number;
    }
  /** A request of a polling client, answered. */
  | {
      readonly type: "request";
      readonly invocation: string | undefined;
      readonly method: string;
      readonly session: string | undefined;
      readonly sid: string | undefined;
      readonly status: number;
      readonly ms: number;
      /** Frames of the answer to a GET. */
      readonly texts: readonly string[];
      readonly bytes: number;
    }
  | {
      readonly type: "instance";
      readonly pid: number;
      readonly function: string;
      readonly state: InstanceState;
      /** Why it ended. */
      readonly reason?: string;
    }
  | {
      readonly type: "log";
      readonly level: "debug" | "info" | "warn" | "error";
      readonly message: string;
      readonly code?: string;
      readonly session?: string;
      readonly function: string;
      readonly pid: number;
      readonly cause?: Cause;
    }
  | ({ readonly type: "switches" } & Switches)
  /** For a while nobody listened, and nothing was told. */
  | { readonly type: "gap" };

/** Characters of one frame, and of a line of the log. */
export const MAX_TEXT = 2_000;
/** Frames of one letter or answer. */
export const MAX_TEXTS = 50;

export const cut = (text: string): string => (text.length <= MAX_TEXT ? text : text.slice(0, MAX_TEXT));
