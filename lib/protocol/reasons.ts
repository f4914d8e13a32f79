/** Why a socket or a session ended, in the words of Socket.IO (`socket.on("disconnect", (reason) => …)`). */
export const disconnectReasons = [
  "client namespace disconnect",
  "server namespace disconnect",
  "transport close",
  "transport error",
  "parse error",
  "ping timeout",
  "forced close",
  "forced server close",
  "server shutting down",
] as const;

export type DisconnectReason = (typeof disconnectReasons)[number];
