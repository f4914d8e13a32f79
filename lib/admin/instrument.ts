import { currentContext } from "../engine/turn.ts";
import { toMember } from "../socketio/rooms/membership.ts";
import { sessionOf } from "../engine/session.ts";
import { createAuthentication, keepInTable } from "./authentication.ts";
import { bindCommands, commandFeatures, type AnyServer } from "./page-commands.ts";
import { resolveInstrumentOptions, type InstrumentOptions } from "./instrument-options.ts";
import { Reporter } from "./reporter.ts";
import { WATCH_ROOM } from "./serialized-socket.ts";
import type { Feature } from "./page-events.ts";
import { KNOWN_FOR_MS } from "./watchers.ts";

/**
 * Adds the namespace that the page of `@socket.io/admin-ui` talks to, `/admin`: where the app's module is loaded, for every
 * instance must have it. Options are those of that package's server part. Who is let in sees every socket with its
 * handshake, and unless `readonly` may do anything to all of them.
 *
 * Costs nothing while nobody looks, but a read of each busy instance in five seconds: docs/admin.md.
 *
 * Throws `config.unknown_option`, `config.bad_option`: also without `auth`, which is to be said, even if it is `false`.
 *
 * @example
 * instrument(io, { auth: { type: "basic", username: "admin", password: process.env.ADMIN_HASH } });
 */
export function instrument(io: AnyServer, options: Partial<InstrumentOptions>): void {
  const resolved = resolveInstrumentOptions(options, process.env);
  const admin = io.of(resolved.namespaceName);
  const { internals } = admin;
  const reporter = new Reporter(internals, resolved, () => ({
    namespaces: io.namespaceNames,
    pingIntervalMs: io.engine.options.pingIntervalMs,
  }));
  io.observe(reporter);
  const created = new WeakMap<object, string>();
  if (resolved.auth)
    admin.use(
      createAuthentication(resolved.auth, resolved.store ?? keepInTable(internals), (socket, id) =>
        created.set(socket, id),
      ),
    );
  admin.use(async (socket, next) => {
    await socket.join(WATCH_ROOM);
    next();
  });
  const supportedFeatures: readonly Feature[] = [
    ...(resolved.isReadonly ? [] : commandFeatures),
    "AGGREGATED_EVENTS",
    ...(resolved.isVerbose ? (["ALL_EVENTS"] as const) : []),
  ];
  admin.on("connection", async (socket) => {
    if (!resolved.isReadonly) bindCommands(io, socket);
    if (socket.replaying) return;
    // Not in the middleware, as there: what comes before its CONNECT the page's own client gives to nobody.
    const sessionId = created.get(socket);
    if (sessionId !== undefined) socket.emit("session", sessionId);
    socket.emit("config", { supportedFeatures });
    const turn = currentContext()?.turn;
    const session = turn && sessionOf(turn);
    if (session === undefined) return;
    await reporter.welcome(toMember(session, socket.internalState));
    // Until then an instance may take it that nobody looks: what happens on it meanwhile is in the second list.
    await internals.runtime.clock.sleep(KNOWN_FOR_MS);
    if (socket.connected) await reporter.welcome(toMember(session, socket.internalState));
  });
}
