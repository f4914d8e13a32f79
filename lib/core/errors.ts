import { NonstickyError } from "../errors.ts";

/**
 * A rule of the server was broken by the app that runs on it. Codes and their one consequence:
 *
 * - `core.no_runtime` — an effect was issued before `createHandlers(io)`: thrown at the call.
 * - `core.registration_in_handler` — `socket.on` inside an event handler: thrown at the call.
 * - `core.unserialisable` — a value in `socket.data` cannot be stored: the turn is logged, the value not saved.
 * - `core.data_too_large` — `socket.data` is over its cap: the turn is logged, the change not saved.
 * - `core.handler_failed` — a handler threw: logged, reported to `onError`, the connection lives on.
 * - `core.not_a_listener` — something that is no function was registered: thrown at the call.
 */
export class CoreError extends NonstickyError {}
