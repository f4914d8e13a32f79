/** Tests of socket.io's server suite, by the reason why they do not pass. docs/compatibility.md has the same list. */
export interface Deviation {
  readonly reason: string;
  /** Titles, without the `socket.io` that all begin with; one that is there twice stands twice. */
  readonly tests: readonly string[];
}

const DYNAMIC = "namespaces dynamic namespaces";

export const deviations: readonly Deviation[] = [
  {
    reason:
      "they look into the server's process: `nsp.sockets`, `nsp.adapter`, `io._nsps`, `io.eio`, an operator's fields",
    tests: [
      "server attachment http.Server should work with #attach (and merge options)",
      "close should be able to close sio sending a srv",
      "close should be able to close sio sending a srv",
      "namespaces should return an immutable broadcast operator",
      "namespaces should not clean up a non-dynamic namespace",
      `${DYNAMIC} should clean up namespace when cleanupEmptyChildNamespaces is on and there are no more sockets in a namespace`,
      `${DYNAMIC} should allow a client to connect to a cleaned up namespace`,
      `${DYNAMIC} should not clean up namespace when cleanupEmptyChildNamespaces is off and there are no more sockets in a namespace`,
      `${DYNAMIC} should NOT clean up namespace when cleanupEmptyChildNamespaces is OFF and client is rejected in middleware`,
      `${DYNAMIC} should clean up namespace when cleanupEmptyChildNamespaces is ON and client is rejected in middleware`,
      `${DYNAMIC} should NOT clean up namespace when cleanupEmptyChildNamespaces is ON and client is rejected in middleware but there are other clients connected`,
      `${DYNAMIC} should attach a child namespace to its parent upon manual creation`,
      "socket should leave all rooms joined after a middleware failure",
      "socket should not join rooms after disconnection",
      "messaging many deletes empty rooms",
      "messaging many should return an immutable broadcast operator",
      "middleware should only set `connected` to true after the middleware execution",
    ],
  },
  {
    reason:
      'they wait for events of an engine\'s socket, or feed it by hand: `conn.on("upgrade")`, `packetCreate`, `client.ondata`',
    tests: [
      "namespaces should enable compression by default",
      "namespaces should disable compression",
      "socket should enable compression by default",
      "socket should disable compression",
      "socket should handle transport null messages",
      "socket should error with raw binary and warn",
      "socket should not crash when receiving an error packet without handler",
      "socket should not crash with raw binary",
      "socket should handle empty binary packet",
      "socket should handshake a client without access to the Engine.IO request (WebTransport-only connection)",
      "messaging many should precompute the WebSocket frame when broadcasting",
      "middleware should be ignored if socket gets closed",
    ],
  },
  {
    reason: "an adapter of their own",
    tests: [
      "utility methods fetchSockets works with a custom adapter",
      "connection state recovery should not call adapter#persistSession or adapter#restoreSession if disabled",
    ],
  },
  {
    reason: "they read `rooms` of a socket whose turn has ended, which is as it was then",
    tests: [
      "utility methods socketsJoin makes all socket instances join the given room",
      "utility methods socketsJoin makes all socket instances in a room join the given room",
      "utility methods socketsLeave makes all socket instances leave the given room",
      "utility methods socketsLeave makes all socket instances in a room leave the given room",
    ],
  },
  {
    reason: "a timer that is started in a handler, and emits, ends with the turn",
    tests: [
      "namespaces should not emit volatile event after regular event",
      "namespaces should emit volatile event",
      "socket should emit volatile event (polling)",
      "socket should emit volatile event (ws)",
      "socket should emit only one consecutive volatile event (polling)",
      "socket should emit only one consecutive volatile event (ws)",
      "socket should emit only one consecutive volatile event with binary (ws)",
      "socket should broadcast only one consecutive volatile event with binary (ws)",
      "socket should emit regular events after trying a failed volatile event (polling)",
      "socket should emit regular events after trying a failed volatile event (ws)",
    ],
  },
  {
    reason: "a volatile event is not dropped because another one went before it in the same tick",
    tests: ["socket should not emit volatile event after regular event (ws)"],
  },
  {
    reason: "`onAnyOutgoing` is not told of broadcasts",
    tests: [
      "socket onAnyOutgoing should call listener when broadcasting",
      "socket onAnyOutgoing should call listener when broadcasting binary data",
    ],
  },
  {
    reason: "a packet is handled before one that arrives with it is read",
    tests: ["socket should ignore a packet received after disconnection"],
  },
  {
    reason:
      "emits of different turns have no common order: of a socket whose turn has ended, and of `io` outside of any",
    tests: ["connection state recovery should restore session and missed packets"],
  },
  {
    reason: "a client's frame is larger than 32 KB",
    tests: ["socket should receive events with several types of data (including binary)"],
  },
  {
    reason: "the option `perMessageDeflate` is refused, and then a client's frame would be larger than 32 KB",
    tests: ["socket should handle very large json", "socket should handle very large binary data"],
  },
  {
    reason: "the client's files are neither compressed nor under `cors`",
    tests: [
      "server attachment http.Server should serve client (gzip)",
      "server attachment http.Server should serve client (br)",
      "server attachment http.Server should serve client with necessary CORS headers",
    ],
  },
  {
    reason: 'a program of its own that calls `require("socket.io")(server)`',
    tests: ["close graceful close should stop socket and timers"],
  },
];
