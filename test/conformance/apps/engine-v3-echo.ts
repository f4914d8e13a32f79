import { createEngine } from "nonsticky";

/** Sends every message back, to clients of Engine.IO 3 as well. */
export const engine = createEngine({
  path: "/engine.io",
  pingInterval: 300,
  pingTimeout: 200,
  maxHttpBufferSize: 1e6,
  allowEIO3: true,
  onMessage(session, data) {
    session.send(data);
  },
});
