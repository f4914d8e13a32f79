import { createEngine } from "nonsticky";

/** Sends every message back, one layer below Socket.IO. */
export const engine = createEngine({
  path: "/engine.io",
  pingInterval: 300,
  pingTimeout: 200,
  maxHttpBufferSize: 1e6,
  onMessage(session, data) {
    session.send(data);
  },
});
