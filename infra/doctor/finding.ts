/** A habit of a process that stays, in an app that will have none. */
export const patterns = [
  "module-state",
  "listener-variable",
  "socket-map",
  "timer",
  "subscription",
  "listener-effect",
  "adapter",
  "local-sockets",
  "session",
  "floating-promise",
  "local-file",
  "binary-sender",
] as const;

export type Pattern = (typeof patterns)[number];

/** What the doctor says about one place, with the rewrite where that is mechanical. */
export interface Finding {
  /** Absolute. */
  readonly file: string;
  /** From 1. */
  readonly line: number;
  readonly pattern: Pattern;
  /** The variable, member or call that it is about, as it stands in the source. */
  readonly name: string;
  /** Why it does not work, and what to write instead. */
  readonly message: string;
  readonly fix?: readonly Edit[];
}

/** Replaces `start` to `end`, which are offsets into the text of `file`. */
export interface Edit {
  readonly file: string;
  readonly start: number;
  readonly end: number;
  readonly text: string;
}
