/** Pings are the client's: often enough to be seen, rare enough not to end a session on a busy machine. */
export const version2Settings = { allowEIO3: true, pingInterval: 500, pingTimeout: 10_000 };
