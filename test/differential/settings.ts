/** Both servers announce the same OPEN. The ping interval outlasts the suite, so that no ping is in a transcript. */
export const heartbeat = { pingInterval: 120_000, pingTimeout: 120_000, maxHttpBufferSize: 1e6 };
