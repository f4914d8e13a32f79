/**
 * What an operator loses where the assumption behind a check does not hold, by the check's id: printed where one finds
 * something different, and where it could not look.
 */
export const losses: Readonly<Record<string, string>> = {
  open: "no client connects by WebSocket alone",
  context: "frames reach nobody: a letter without a session is thrown away",
  slash: "stock clients with `path` do not connect without the edge",
  broken: "a client of a broken stage hears a malformed packet instead of a refusal, and the log has nothing",
  bodies: "what somebody writes in a chat breaks their connection, or another's letter",
  "text-frames": "bytes to clients arrive as something else: `b…` has to be decoded by the app",
  "binary-frame":
    "bytes sent raw do not end in a close that says why; clients must use `forceBase64` in any case",
  "over-32-kb": "a large event is cut or lost without a close, and its sender waits for an ack",
  "large-post": "emits over 32 KB do not arrive",
  compression: "clients that offer compression lose frames",
  "ping-frame": "clients that keep alive with ping frames are closed",
  "order-in": "two events of one client may run in the wrong order; the inbox puts right what shares a batch",
  "order-out":
    'two emits to one client may arrive in the wrong order: `outbound: "exclusive"` is then needed',
  pace: "a client gets fewer emits a second than the app makes, and acks time out",
  echo: "an answer takes longer than a second; functions are cold, or the account's executions are used up",
  "ack-lane": "a handler that waits for an ack waits in vain, until its timeout",
  "early-release": "one slow handler holds up its client's other frames, and its pongs",
  ramp: "at a rush, frames wait for a minute until Lambda has enough instances; `mailboxPollers` may help",
  timers: "`io.timer` and `io.every` ring before their time, too late, or not at all",
  "last-words": "a client does not hear why it was disconnected",
  cut: "somebody who is gone is listed until the heartbeat finds out: with `silent`, for up to two hours",
  rows: "clients that break the protocol are treated otherwise than by the official server",
  attachments: "events with bytes do not arrive",
  "dual-stack": "clients in networks without IPv4 do not connect",
  throttled:
    "in a rush, events are lost of clients that stay connected, and nobody is told: raise `throttlingRate`, and the quota",
  noops: "with `economy` and `silent` every quiet connection ends after ten minutes",
  age: "connections end in the middle of something at two hours, and come back all at once",
  "empty-rest": "no client polls, and none begins with polling at the edge",
  "rows-http": "polling clients are answered otherwise than by the official server",
  "edge-websocket":
    "no WebSocket through the edge: clients stay on polling, which costs a hundred times as much",
  "edge-upgrade": "default clients at the edge do not upgrade, or are cut off when they do",
};
