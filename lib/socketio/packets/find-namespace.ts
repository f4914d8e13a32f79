import type { Turn } from "../../engine/turn.ts";
import type { MatchFunction, PacketPorts, ServedNamespace } from "./packet-ports.ts";
import { untilNext } from "./until-next.ts";

/** The namespace that a client asks for. Undefined when there is none. A function that fails keeps the client out, and is reported. */
export async function findNamespace(
  internals: PacketPorts,
  asked: { readonly name: string; readonly auth: Record<string, unknown>; readonly socketId: string },
  turn: Turn,
): Promise<ServedNamespace | undefined> {
  try {
    return await internals.askForNamespace(asked.name, (match) => askMatcher(internals, match, asked, turn));
  } catch (error) {
    internals.reportFailure({ error, event: "connect", nsp: asked.name, socketId: asked.socketId });
    return undefined;
  }
}

/**
 * Asks the function of a dynamic namespace for one of its children. Rejects with what it threw, or when it has never
 * called `next`; an error given to `next` is a no, as in Socket.IO.
 */
async function askMatcher(
  internals: PacketPorts,
  match: MatchFunction,
  { name, auth }: { readonly name: string; readonly auth: Record<string, unknown> },
  turn: Turn,
): Promise<boolean> {
  let isAllowed: boolean | undefined;
  const outcome = await untilNext(internals, turn, (next) =>
    match(name, auth, (error, success) => {
      isAllowed ??= Boolean(success);
      next(error);
    }),
  );
  if (outcome === "passed") return isAllowed === true;
  if (outcome === "silent") throw new Error("expected the function of a dynamic namespace to call next()");
  if ("thrown" in outcome) throw outcome.thrown;
  return false;
}
