import { createHash } from "node:crypto";
import type { Logger } from "../../log.ts";

const HASH_LENGTH = 4;
const MAX_STEPS = 100;
/** Differences that one process tells of: the rest is more of the same, in namespaces without number, say. */
const MAX_TOLD = 1_000;
const END = ".";

/**
 * Compares what a connection listener does in a replay with what it did live. It is the routing table of its socket,
 * so it must do the same each time: one that joins a random room, or registers a handler only at first, works until
 * the second packet and then does not. Kept with the socket as four characters a step; the first difference is logged
 * with its line, once per process and step.
 */
export class ReplayCheck {
  readonly #logger: () => Logger;
  readonly #told = new Set<string>();

  constructor(logger: () => Logger) {
    this.#logger = logger;
  }

  /** For a live run, which notes its steps. */
  record(): RunCheck {
    return new RunCheck(undefined, () => undefined);
  }

  /** For a replay. `digest`: what the live run noted; undefined while that is not known. */
  compare(digest: string | undefined, where: { readonly nsp: string; readonly socketId: string }): RunCheck {
    return new RunCheck(digest, (difference, line) => {
      const what = "a connection listener does not do in a replay what it did when its socket connected";
      this.#tell(what, { ...where, difference, line });
    });
  }

  /** An event whose handlers registered handlers has been run again, and they have not. */
  reportSilence(event: string, where: { readonly nsp: string; readonly socketId: string }): void {
    const what = "an event that had registered handlers has registered none when it was run again";
    this.#tell(what, { ...where, difference: `event ${JSON.stringify(event)}`, line: undefined });
  }

  #tell(
    message: string,
    fields: { readonly nsp: string; readonly difference: string; readonly line: string | undefined },
  ): void {
    // Not by what differs: a random name is another one each time.
    const key = `${fields.nsp} ${fields.line ?? fields.difference}`;
    if (this.#told.has(key) || this.#told.size >= MAX_TOLD) return;
    this.#told.add(key);
    this.#logger().warn(message, { code: "core.replay_differs", ...fields });
  }
}

/** The steps of one run. */
export class RunCheck {
  readonly #digest: string | undefined;
  readonly #report: (difference: string, line: string | undefined) => void;
  #steps = "";
  #differs = false;
  #mayDiffer = false;
  #isOver = false;

  constructor(digest: string | undefined, report: (difference: string, line: string | undefined) => void) {
    this.#digest = digest;
    this.#report = report;
  }

  /** What this run has done, for the socket's row; with the mark of the end once it has ended. */
  get digest(): string {
    return this.#steps;
  }

  /** `on "chat message"`, `join "lobby"`: one step of the listener. */
  note(step: string): void {
    const position = this.#steps.length;
    // Callbacks that come after the end have no order that they would keep.
    if (this.#isOver || this.#differs || position >= MAX_STEPS * HASH_LENGTH) return;
    const hash = hashOf(step);
    this.#steps += hash;
    const expected = this.#digest?.slice(position, position + HASH_LENGTH);
    // Beyond what is known of the live run, which may not have come so far yet.
    if (expected === undefined || expected === "" || expected === hash) return;
    this.#differs = true;
    this.#report(
      expected.startsWith(END) ? `${step}, which is new` : `${step} instead of another step`,
      callerLine(),
    );
  }

  /** A join or a leave. */
  noteEffect(step: string): void {
    if (!this.#mayDiffer) this.note(step);
  }

  /**
   * The listener asks whether its socket is recovered, or replayed: `if (!socket.recovered) socket.join(…)` is meant to
   * do it once. What it registers must still be the same.
   */
  allowEffects(): void {
    this.#mayDiffer = true;
  }

  /** The listener has ended. */
  end(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    const position = this.#steps.length;
    this.#steps += END;
    const expected = this.#digest?.slice(position);
    if (this.#differs || expected === undefined || expected === "" || expected === END) return;
    this.#report("it did not go on as it did then", undefined);
  }
}

const hashes = new Map<string, string>();
const MAX_KNOWN_HASHES = 1_000;

/** Every packet repeats the steps of its listeners. */
function hashOf(step: string): string {
  const known = hashes.get(step);
  if (known !== undefined) return known;
  const hash = createHash("sha1").update(step).digest("base64url").slice(0, HASH_LENGTH);
  if (hashes.size < MAX_KNOWN_HASHES) hashes.set(step, hash);
  return hash;
}

/** The line of the app that called into the library. */
function callerLine(): string | undefined {
  const lines = (new Error().stack ?? "").split("\n").slice(1);
  const isOurs = (line: string) =>
    /[\\/](?:lib|nonsticky)[\\/](?:dist[\\/]lib[\\/])?(?:engine|socketio)[\\/]/.test(line);
  return lines
    .find((line) => !isOurs(line) && line.includes("at "))
    ?.trim()
    .replace(/^at /, "");
}
