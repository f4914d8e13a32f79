import type { Runtime } from "./runtime.ts";
import { currentContext, type Turn } from "./turn.ts";

/** What can be told whether a server is served. */
interface Served {
  readonly isServed: boolean;
  /** Throws when it is not. */
  readonly runtime: Runtime;
  reportUnserved(what: string, where: { readonly event?: string; readonly nsp: string }): void;
}

/**
 * Into which turn an effect goes, which is then not over before the effect is:
 *
 * - `io.emit`, `nsp.emit` and what acts on sockets from a distance: the turn of the running code; outside of any, the
 *   detached one, which a script waits for with `flush`.
 * - What a socket or an acknowledgement does: the turn of its own packet, even from a handler of another one; when that
 *   is over, the turn of the running code.
 * - In a replay: none, for the effect has happened in the live run.
 */
/** The turn that an effect of the running code belongs to; undefined in a replay, where effects are inert. */
export function effectTurn(runtime: Runtime): Turn | undefined {
  const context = currentContext();
  if (context === undefined) return runtime.detached;
  return context.mode === "replay" ? undefined : context.turn;
}

/**
 * The same for what nobody waits for. Before the server is served that is lost, which is logged: thrown in a timer of
 * the app's module it would end every instance that begins.
 */
export function effectTurnIfServed(
  server: Served,
  what: string,
  where: { readonly event?: string; readonly nsp: string },
): Turn | undefined {
  if (server.isServed) return effectTurn(server.runtime);
  server.reportUnserved(what, where);
  return undefined;
}

/** For what belongs to a turn: itself, or, if it is over, whichever the running code belongs to. */
export function livingTurn(turn: Turn): Turn {
  const running = currentContext()?.turn;
  return turn.ended && running && !running.ended ? running : turn;
}
