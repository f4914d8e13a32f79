/**
 * With what API Gateway closes a WebSocket, in the words of its events' `disconnectReason` as far as they were captured, of
 * its documentation otherwise.
 */
export const closeReasons: Readonly<Record<number, string>> = {
  1000: "Connection Closed Normally",
  /** Idle for ten minutes, or two hours old. */
  1001: "Going away",
  1003: "Unsupported data",
  1005: "Client-side close frame status not set",
  1006: "Connection Closed Abnormally",
  1008: "Throttled",
  1009: "Message too big",
  1011: "Internal error",
  1012: "Service restart",
};

/** For people: `1008, Throttled`. */
export const nameCloseCode = (code: number): string =>
  closeReasons[code] === undefined ? String(code) : `${code}, ${closeReasons[code]}`;
