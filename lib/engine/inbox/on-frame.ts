import type { Dialect } from "../../protocol/dialect.ts";
import type { Frame } from "../../protocol/frame.ts";
import type { EngineApp } from "../engine.ts";
import type { Session } from "../session.ts";
import type { Turn } from "../turn.ts";

/**
 * One frame from a client over WebSocket. The reactions are the official server's: a sign of life of the other
 * direction is a violation, an unknown type a parse error, and the types a client has no business sending are ignored.
 * @see https://socket.io/docs/v4/engine-io-protocol/
 */
export function onFrame(app: EngineApp, session: Session, text: string, turn: Turn): Promise<void> | void {
  if (Buffer.byteLength(text) > app.options.maxPayloadBytes) return session.close(turn, "transport error");
  const frame = tryDecode(session.dialect, text);
  if (frame === undefined) return session.close(turn, "parse error");
  switch (frame.type) {
    case "message":
      return app.onMessage(session, frame.data, turn);
    case "ping":
    case "pong":
      if (frame.type !== session.dialect.lifeSign) return session.close(turn, "transport error");
      // A pong that gets here carries data, which no stock client's does, and a ping, too; it wants an answer.
      return frame.type === "ping" ? session.answerPing(turn) : undefined;
    case "open":
    case "close":
    case "upgrade":
    case "noop":
      return;
    default:
      frame satisfies never;
  }
}

function tryDecode(dialect: Dialect, text: string): Frame | undefined {
  try {
    return dialect.decodeFrame(text);
  } catch {
    return undefined;
  }
}
