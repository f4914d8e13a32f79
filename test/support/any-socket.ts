import type { Socket } from "../../lib/socketio/server.ts";

/** A socket whatever its events. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- the app's types end here
export type AnySocket = Socket<any, any, any, any>;
