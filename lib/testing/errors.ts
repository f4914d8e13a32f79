import { NonstickyError } from "../errors.ts";

/**
 * A test asked `serve` for something that cannot be. Codes, all thrown at the call:
 *
 * - `testing.no_app` — what is to be served is no `Server`, engine app, module with one of them, or function.
 * - `testing.already_served` — an app that is being served is to be served once more at the same time.
 * - `testing.needs_factory` — several instances of an app that exists once.
 * - `testing.lost_variable` — a handler has changed a variable; thrown by `settled` and `close`, with the option `watch`.
 * - `testing.not_kept` — a variable that the option `keep` cannot keep; the message names each with its reason.
 * - `testing.port_in_use` — somebody else listens there.
 */
export class TestingError extends NonstickyError {}
