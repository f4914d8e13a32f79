import { currentContext, type Turn } from "../../engine/turn.ts";
import type { FailureReport, HandlerFailure } from "../replay/handler-failure.ts";
import type { RoomPorts } from "./room-ports.ts";

/** How long a callback is kept waiting that was given no time. */
export const CALLBACK_WAIT_MS = 10_000;

/** What each answer comes to, in the order in which they came. */
export type Responses = readonly unknown[];

/** What a callback without a timeout, which has no place for an error, is not told. */
export function abandon(
  { runtime }: RoomPorts,
  error: unknown,
  where: Pick<HandlerFailure, "event" | "nsp" | "socketId">,
): undefined {
  // The live run has said so.
  if (currentContext()?.mode === "replay") return;
  runtime.logger.warn("an acknowledgement was waited for in vain", {
    code: "core.ack_abandoned",
    ...where,
    reason: error instanceof Error ? error.message : String(error),
  });
}

/** Of an error: what was answered nevertheless. */
export const responsesIn = (error: unknown): Responses =>
  error instanceof Error && "responses" in error && Array.isArray(error.responses) ? error.responses : [];

/** The acknowledgement at the end of an emit's arguments, if there is one. */
export function splitCallback(args: readonly unknown[]): {
  readonly values: readonly unknown[];
  readonly callback: ((...args: unknown[]) => unknown) | undefined;
} {
  const last = args.at(-1);
  if (typeof last !== "function") return { values: args, callback: undefined };
  return { values: args.slice(0, -1), callback: last as (...args: unknown[]) => unknown };
}

/**
 * Calls an app's acknowledgement with what comes of a question, in the turn that asked, which lasts until then.
 * `toArgs` of an error is undefined where the callback has no place for one. In a replay nobody waits: what the live
 * run has not learnt yet may never come.
 */
export function answerCallback<T>(
  internals: FailureReport,
  turn: Turn | undefined,
  result: Promise<T>,
  callback: (...args: unknown[]) => unknown,
  toArgs: {
    readonly result: (result: T) => readonly unknown[];
    readonly error: (error: unknown) => readonly unknown[] | undefined;
  },
  where: Pick<HandlerFailure, "event" | "nsp" | "socketId">,
): void {
  const called = (async () => {
    let args: readonly unknown[] | undefined;
    try {
      args = toArgs.result(await result);
    } catch (error) {
      args = toArgs.error(error);
    }
    try {
      if (args !== undefined) await callback(...args);
    } catch (error) {
      internals.reportFailure({ error, ...where });
    }
  })();
  if (currentContext()?.mode !== "replay") turn?.follow(called);
}
