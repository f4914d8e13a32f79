/** A handler of the app failed. It harms nobody else. */
export interface HandlerFailure {
  readonly error: unknown;
  /** The event whose handler failed; `connection` for the connection listener, `connect` for what runs before it. */
  readonly event: string;
  readonly nsp: string;
  /** Empty where no socket is concerned, as in `new_namespace`. */
  readonly socketId: string;
}

/** Where failures are told: to the log, and to the app's `onError`. */
export interface FailureReport {
  reportFailure(failure: HandlerFailure): void;
}
