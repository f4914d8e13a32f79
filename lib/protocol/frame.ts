import { decodePacket, encodePacket } from "engine.io-parser";
import type { Packet as EnginePacket } from "engine.io-parser";
import type { Sid } from "../ids.ts";
import { ProtocolError } from "./errors.ts";
import { MAX_POST_BYTES } from "./limits.ts";

/** One Engine.IO packet. Data that a client left out is the empty string; data that has no meaning is dropped. */
export type Frame =
  | { type: "open"; data: string }
  | { type: "close" }
  | { type: "ping"; data: string }
  | { type: "pong"; data: string }
  | { type: "message"; data: string | Buffer }
  | { type: "upgrade" }
  | { type: "noop" };

/** The first thing a client hears of its session. */
export interface Open {
  readonly sid: Sid;
  /** Transports the client may still upgrade to: none once it is on a WebSocket. */
  readonly upgrades: readonly string[];
  /** Together at most 2 147 483 647, or the client's timer overflows and it leaves at once. */
  readonly pingIntervalMs: number;
  readonly pingTimeoutMs: number;
  readonly maxPayloadBytes: number;
}

export const CLOSE_FRAME = "1";
export const PING_FRAME = "2";
export const PONG_FRAME = "3";
export const UPGRADE_FRAME = "5";
export const NOOP_FRAME = "6";
/** A client tries the WebSocket it wants to upgrade to, and the answer to it. */
export const PROBE_PING_FRAME = "2probe";
export const PROBE_PONG_FRAME = "3probe";

/**
 * Reads one text frame, as it came over a WebSocket or out of a polling payload.
 *
 * `b…` is a binary message in base64. Its characters are read as leniently as the official server does: what is not
 * base64 is skipped, so no such frame is bad. A message of no characters is a frame, but no packet.
 *
 * @throws {ProtocolError} `protocol.bad_frame` when the first character is no packet type.
 * @see https://socket.io/docs/v4/engine-io-protocol/#protocol
 */
export function decodeFrame(text: string): Frame {
  const packet = decodePacket(text, "nodebuffer");
  switch (packet.type) {
    case "open":
    case "ping":
    case "pong":
      return { type: packet.type, data: packet.data ?? "" };
    case "message":
      return { type: "message", data: packet.data ?? "" };
    case "close":
    case "upgrade":
    case "noop":
      return { type: packet.type };
    case "error":
      throw new ProtocolError(
        "protocol.bad_frame",
        `expected a frame to begin with 0 to 6 or b, got ${text === "" ? "an empty frame" : JSON.stringify(text.charAt(0))}`,
        { evidence: { first: text.charAt(0), characters: text.length } },
      );
    default:
      return packet.type satisfies never;
  }
}

/** A message as a text frame: `4…`, or `b` and base64 for bytes, for a gateway that has no binary frames. */
export const encodeMessage = (data: string | Uint8Array): string => encode({ type: "message", data });

/** The `0{…}` that opens a session: these five keys, in this order, and no other. */
export function openFrame(open: Open): string {
  const data = {
    sid: open.sid,
    upgrades: open.upgrades,
    pingInterval: open.pingIntervalMs,
    pingTimeout: open.pingTimeoutMs,
    maxPayload: open.maxPayloadBytes,
  };
  return encode({ type: "open", data: JSON.stringify(data) });
}

/**
 * Refuses frames that the gateway would refuse, before the first of them is sent: half a packet is worse than none.
 *
 * @throws {ProtocolError} `protocol.payload_too_large`.
 */
export function assertPostable(frames: readonly string[]): void {
  for (const [index, frame] of frames.entries()) {
    const bytes = Buffer.byteLength(frame);
    if (bytes <= MAX_POST_BYTES) continue;
    throw new ProtocolError(
      "protocol.payload_too_large",
      `expected a frame of at most ${MAX_POST_BYTES} bytes, got ${bytes} (frame ${index + 1} of ${frames.length})`,
      { evidence: { bytes, limitBytes: MAX_POST_BYTES, index, frames: frames.length } },
    );
  }
}

/** The parser answers through a callback, but never later than it returns. */
function encode(packet: EnginePacket): string {
  let frame = "";
  encodePacket(packet, false, (encoded: string) => {
    frame = encoded;
  });
  return frame;
}
