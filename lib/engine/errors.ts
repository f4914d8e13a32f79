import { NonstickyError } from "../errors.ts";

/**
 * A rule of the server was broken by the app that runs on it. Codes and their one consequence:
 *
 * - `core.no_runtime` — before `createHandlers(io)` something was emitted: logged and lost; or asked: thrown, rejected.
 * - `core.registration_in_handler` — `socket.on` inside a middleware or another socket's handler: thrown at the call.
 * - `core.journal_full` — too much that would have to be run again before each packet: thrown at the call.
 * - `core.too_many_rooms` — a session's sockets are in over 1,000 rooms: thrown at the call, and nothing is joined.
 * - `core.unserialisable` — a value in `socket.data` cannot be stored: the turn is logged, the value not saved.
 * - `core.data_too_large` — `socket.data` is over its cap: the turn is logged, the change not saved.
 * - `core.handler_failed` — a handler threw: logged, reported to `onError`, the connection lives on.
 * - `core.no_server`, `core.no_adapter`, `core.no_local_sockets` — a member of Socket.IO that cannot exist without a
 *   server that listens: thrown at the call.
 * - `core.session_in_memory`, `core.session_store_unknown` — a session cannot reach a store that
 *   instances share: given to the callback of `save`, `reload`, `regenerate` or `destroy`; the first is logged, too.
 * - `core.request_method_lost` — a method of the handshake's request that cannot outlive it: thrown at the call.
 * - `core.parent_without_sockets` — `fetchSockets` of a dynamic namespace: thrown at the call.
 * - `core.stateful_expression` — `io.of` with an expression that has the flag `g` or `y`: thrown at the call.
 * - `core.not_a_room` — a join of an object, a function or a symbol: thrown at the call.
 * - `core.not_a_listener` — something that is no function was registered: thrown at the call.
 */
export class CoreError extends NonstickyError {}
