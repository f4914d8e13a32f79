import { currentHost } from "./engine/hosted-app.ts";
import { installLive, makeLivePortOfProcess } from "./socketio/live/live-port.ts";
import { LiveValues } from "./socketio/live/live-values.ts";
import { SocketVariables } from "./socketio/live/socket-variables.ts";
import type { LiveHolder } from "./socketio/live/live-holder.ts";
import type { KeptSocket } from "./socketio/replay/socket-state.ts";

export type { LiveHolder } from "./socketio/live/live-holder.ts";

installLive(() => new LiveValues());

/**
 * A variable of a module that every instance shares: what stands in it is kept in the table, under a name that is no other's
 * and stays. For generated code; by hand, `io.live` says the same.
 *
 * Throws `core.live_name_taken`, `core.registration_in_handler`, `state.live_name_too_long`.
 *
 * @example
 * const $users = liveVariable("src/users.js:users", () => ({}));
 * $users.value[socket.id] = { name };
 */
export function liveVariable<T>(name: string, initial: () => T): LiveHolder<T> {
  return portOfHost().declareVariable(name, initial()) as LiveHolder<T>;
}

/**
 * The same for an object, array, `Map` or `Set` that is never replaced: itself, one object for ever.
 *
 * @example
 * const users = liveValue("src/users.js:users", {});
 */
export function liveValue<T extends object>(name: string, initial: T): T {
  return portOfHost().declare(name, initial) as T;
}

/**
 * Variables of one call of a connection listener, kept with the socket as `socket.data` is, and beside it: every property
 * may be set, and what is inside of it changed. When the listener is run again for a later packet, they are as handlers have
 * left them. `listener` names it, among all of a socket.
 *
 * @example
 * const $v = socketVariables(socket, "src/app.js:12", { name: "", score: 0 });
 * $v.score += 1;
 */
export function socketVariables<T extends object>(socket: KeptSocket, listener: string, initial: T): T {
  const variables = socket.internalState.keptBeside("variable.", (place) => new SocketVariables(place));
  return variables.scope(listener, initial as Record<string, unknown>) as T;
}

/** Of the app that is being loaded. */
function portOfHost(): LiveValues {
  const host = currentHost();
  return (host === undefined ? makeLivePortOfProcess() : (host.live ??= new LiveValues())) as LiveValues;
}
