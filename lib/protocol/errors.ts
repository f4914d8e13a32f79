import { NonstickyError } from "../errors.ts";
import type { DisconnectReason } from "./reasons.ts";

/**
 * What each broken rule leads to. A reason means that the client broke it: its session ends with that reason, as the
 * official server ends it. `undefined` means that the app broke it: the error is thrown where the app called.
 */
const consequences = {
  /** Not an Engine.IO packet, or not a payload of them. Closes the session. */
  "protocol.bad_frame": "parse error",
  /** Text that is no Socket.IO packet: unknown type, payload of the wrong shape, a reserved event. Closes the session. */
  "protocol.bad_packet": "forced close",
  /** A binary packet that announces no legal number of attachments, or arrived with another. Closes the session. */
  "protocol.bad_attachment_count": "forced close",
  /** A placeholder that points at no attachment. Closes the session. */
  "protocol.illegal_attachment": "forced close",
  /** A text packet while attachments are due. Closes the session, once it is sure that the order is the client's. */
  "protocol.unexpected_text": "forced close",
  /** Binary data that no packet announced. Closes the session, once it is sure that the order is the client's. */
  "protocol.unexpected_attachment": "forced close",
  /** A frame over the gateway's limit. Thrown by the emit that made it; nothing is sent. */
  "protocol.payload_too_large": undefined,
  /** An event name that Socket.IO keeps for itself. Thrown by the emit; nothing is sent. */
  "protocol.reserved_event": undefined,
  /** Arguments that have no form on the wire: a cycle, a BigInt, a Blob. Thrown by the emit; nothing is sent. */
  "protocol.unencodable": undefined,
} as const satisfies Record<string, DisconnectReason | undefined>;

export type ProtocolErrorCode = keyof typeof consequences;

/** Somebody broke a rule of the Engine.IO or Socket.IO protocol, or a limit of the gateway that carries it. */
export class ProtocolError extends NonstickyError {
  declare readonly code: ProtocolErrorCode;

  constructor(
    code: ProtocolErrorCode,
    message: string,
    options: { evidence?: Record<string, unknown>; expose?: boolean; cause?: unknown } = {},
  ) {
    super(code, message, options);
  }

  /** The reason a session ends with because of this error; undefined when the app is at fault and nothing ends. */
  get closeReason(): DisconnectReason | undefined {
    return consequences[this.code];
  }
}

/**
 * A violation as the official server's sockets hear of it, in their `error` event: what the parser threw, whose message
 * apps compare. Where a rule is ours alone, the violation itself.
 */
export function toParserError(violation: ProtocolError): Error {
  if (violation.cause instanceof Error) return violation.cause;
  switch (violation.code) {
    case "protocol.unexpected_text":
      return new Error("got plaintext data when reconstructing a packet");
    case "protocol.unexpected_attachment":
      return new Error("got binary data when not reconstructing a packet");
    default:
      return violation;
  }
}
