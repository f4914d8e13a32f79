import type { EngineProtocol } from "../ids.ts";
import { decodeFrame, encodeMessage, type Frame } from "./frame.ts";
import { joinPayload, splitPayload } from "./payload.ts";
import type { PacketCodec } from "./packet.ts";
import { joinBytesV3, joinPayloadV3, splitBytesV3, splitPayloadV3 } from "./payload-v3.ts";

/**
 * What the revisions of Engine.IO put differently. Everything else of a frame is the same in both.
 * @see https://github.com/socketio/engine.io-protocol#difference-between-v3-and-v4
 */
export interface Dialect {
  /** By which frame a client shows that it is alive: the answer to the server's ping, or a ping of its own. */
  readonly lifeSign: "pong" | "ping";
  /** Whether a POST may carry bytes. */
  readonly acceptsBytes: boolean;
  /** A message as a text frame. */
  encodeMessage(data: string | Uint8Array): string;
  /** @throws {ProtocolError} `protocol.bad_frame`. */
  decodeFrame(text: string): Frame;
  /** Frames as one body; `asBytes` where the client takes bytes, and there are any. */
  encodePayload(frames: readonly string[], asBytes: boolean): string | Buffer;
  /** Frames of one body, those before a fault included. @throws {ProtocolError} `protocol.bad_frame`. */
  decodePayload(body: string | Buffer): Iterable<string>;
}

const version4: Dialect = {
  lifeSign: "pong",
  acceptsBytes: false,
  encodeMessage,
  decodeFrame,
  encodePayload: joinPayload,
  decodePayload: (body) => splitPayload(body.toString()),
};

/** Bytes as text are `b`, the type, and base64; the later revision leaves the type out, for it can only be `4`. */
const version3: Dialect = {
  lifeSign: "ping",
  acceptsBytes: true,
  encodeMessage: (data) => toVersion3(encodeMessage(data)),
  decodeFrame(text) {
    if (!text.startsWith("b")) return decodeFrame(text);
    const type = text.charAt(1);
    if (type === "4") return { type: "message", data: Buffer.from(text.slice(2), "base64") };
    // Bytes of another type mean what it means; those of none are ignored, as by the official server.
    return /^[0-6]$/.test(type) ? decodeFrame(type) : { type: "noop" };
  },
  encodePayload: (frames, asBytes) =>
    asBytes && frames.some((frame) => frame.startsWith("b")) ? joinBytesV3(frames) : joinPayloadV3(frames),
  decodePayload: (body) => (typeof body === "string" ? splitPayloadV3(body) : splitBytesV3(body)),
};

export const dialects: Readonly<Record<EngineProtocol, Dialect>> = { 3: version3, 4: version4 };

/** How the frames of acks begin, with a codec of the app's own; undefined where that leaves it open. */
export const toAckPrefix = (codec: PacketCodec | undefined, protocol: EngineProtocol): string | undefined =>
  codec?.ackPrefix === undefined ? undefined : dialects[protocol].encodeMessage(codec.ackPrefix);

/** The frames of one packet for any number of recipients: made at most once per dialect. */
export class PacketFrames {
  readonly #frames: readonly string[];
  #version3: readonly string[] | undefined;

  constructor(messages: readonly (string | Uint8Array)[], frames = messages.map(encodeMessage)) {
    this.#frames = frames;
  }

  /** Of a packet whose frames in protocol 4 are known. */
  static of(frames: readonly string[]): PacketFrames {
    return new PacketFrames([], [...frames]);
  }

  in(protocol: EngineProtocol): readonly string[] {
    return protocol === 4 ? this.#frames : (this.#version3 ??= this.#frames.map(toVersion3));
  }
}

const toVersion3 = (frame: string): string => (frame.startsWith("b") ? `b4${frame.slice(1)}` : frame);
