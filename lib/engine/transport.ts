import type { ConnectionId } from "../ids.ts";

/**
 * `sent`: accepted by the gateway. `gone`: no such connection (410). `busy`: the account's quota or the client's
 * buffer is full (429), nothing was sent. `too-large`: over 128 KB (413), nothing was sent. `unknown`: it may or may
 * not have been sent (timeout, 5xx, connection reset).
 */
export type PostOutcome = "sent" | "gone" | "busy" | "too-large" | "unknown";

/** The way back to a client. */
export interface Transport {
  /** One text frame. MUST make one attempt only: a retry might double a frame. MUST NOT throw for a listed outcome. */
  post(connectionId: ConnectionId, frame: string): Promise<PostOutcome>;
  /** Ends a connection. `gone`: there is none of that id, or not yet, while its handshake is being answered. */
  close(connectionId: ConnectionId): Promise<"closed" | "gone">;
}
