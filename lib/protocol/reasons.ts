/** What follows from the reason of an end. */
interface Consequences {
  /** The stream broke: of a polling client only the GET that waits now is answered. */
  readonly isError: boolean;
  /** The server decided: what a polling client has not fetched yet is left for its next GET. */
  readonly leavesRest: boolean;
  /** Neither side wanted to leave for good: the client may have its state back. */
  readonly isRecoverable: boolean;
}

const wanted = { isError: false, leavesRest: false, isRecoverable: false };

/**
 * Why a socket or a session ended, in the words of Socket.IO (`socket.on("disconnect", (reason) => …)`). Whoever adds a
 * reason says here what follows from it.
 */
const consequences = {
  "client namespace disconnect": wanted,
  "server namespace disconnect": wanted,
  "transport close": { isError: false, leavesRest: false, isRecoverable: true },
  "transport error": { isError: true, leavesRest: false, isRecoverable: true },
  "parse error": { isError: true, leavesRest: false, isRecoverable: false },
  "ping timeout": { isError: true, leavesRest: false, isRecoverable: true },
  "forced close": { isError: false, leavesRest: true, isRecoverable: true },
  "forced server close": { isError: false, leavesRest: true, isRecoverable: true },
  "server shutting down": { isError: false, leavesRest: true, isRecoverable: true },
} as const satisfies Record<string, Consequences>;

export type DisconnectReason = keyof typeof consequences;

export const disconnectReasons = Object.keys(consequences) as readonly DisconnectReason[];

export const consequencesOf = (reason: DisconnectReason): Consequences => consequences[reason];
