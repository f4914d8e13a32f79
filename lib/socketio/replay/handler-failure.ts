import type { HandlerWatch } from "../../handler-watch.ts";

/** A handler of the app failed. It harms nobody else. */
export interface HandlerFailure {
  readonly error: unknown;
  /**
   * The event whose handler failed; `connection` for the connection listener, `connect` for what runs before it. Of what
   * cannot be stored, which is seen behind handlers, those that may have put it there: `join or say`.
   */
  readonly event: string;
  readonly nsp: string;
  /** Empty where no socket is concerned, as in `new_namespace`. */
  readonly socketId: string;
}

/** Where failures are told: to the log, and to the app's `onError`. */
export interface FailureReport {
  /** Who looks at handlers, where somebody does. */
  readonly watch?: HandlerWatch | undefined;
  reportFailure(failure: HandlerFailure): void;
}
