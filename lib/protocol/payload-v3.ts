import { ProtocolError } from "./errors.ts";

/**
 * Payloads of Engine.IO 3: what one polling body holds. Frames are text here as everywhere, binary ones `b`, the type
 * and base64, whichever form they travel in.
 * @see https://github.com/socketio/engine.io-protocol/tree/v3#payload
 */

/** `<length>:<frame>` of each, the length in UTF-16 code units. */
export const joinPayloadV3 = (frames: readonly string[]): string =>
  frames.map((frame) => `${frame.length}:${frame}`).join("");

/**
 * The frames of a text payload, one by one: those before a fault count. An empty one is skipped.
 *
 * @throws {ProtocolError} `protocol.bad_frame`.
 */
export function* splitPayloadV3(payload: string): Generator<string> {
  if (payload === "") throw badPayload(0);
  for (let position = 0; position < payload.length;) {
    const colon = payload.indexOf(":", position);
    const digits = payload.slice(position, colon === -1 ? position : colon);
    const start = colon + 1;
    const frame = payload.slice(start, start + Math.max(0, Number(digits)));
    // Whatever JavaScript takes for a number is one, as for the official server.
    if (digits === "" || frame.length !== Number(digits)) throw badPayload(position);
    if (frame !== "") yield frame;
    position = start + frame.length;
  }
}

const TEXT = 0;
const BYTES = 1;
const END_OF_LENGTH = 255;
/** As many digits as any length can have. */
const MAX_DIGITS = 10;

/** For clients that take bytes: of each frame its kind, its length in bytes, digit by digit, and 255 before it. */
export const joinBytesV3 = (frames: readonly string[]): Buffer =>
  Buffer.concat(frames.flatMap((frame) => (frame.startsWith("b") ? fromBase64(frame) : fromText(frame))));

/**
 * The frames of a payload in bytes, those before a fault included.
 *
 * @throws {ProtocolError} `protocol.bad_frame`.
 */
export function* splitBytesV3(payload: Buffer): Generator<string> {
  for (let position = 0; position < payload.length;) {
    const end = payload.indexOf(END_OF_LENGTH, position + 1);
    const digits = [...payload.subarray(position + 1, end === -1 ? position + 1 : end)];
    const length = digits.length > MAX_DIGITS ? NaN : Number(digits.join(""));
    const start = end + 1;
    const bytes = payload.subarray(start, start + length);
    if (digits.length === 0 || bytes.length === 0 || bytes.length !== length) throw badPayload(position);
    yield payload[position] === TEXT ? bytes.toString("utf8") : toBase64(bytes);
    position = start + length;
  }
}

const fromText = (frame: string): Buffer[] => {
  const bytes = Buffer.from(frame, "utf8");
  return [header(TEXT, bytes.length), bytes];
};

const fromBase64 = (frame: string): Buffer[] => {
  const bytes = Buffer.from(frame.slice(2), "base64");
  return [header(BYTES, bytes.length + 1), Buffer.of(Number(frame.charAt(1))), bytes];
};

const header = (kind: number, length: number): Buffer =>
  Buffer.of(kind, ...[...String(length)].map(Number), END_OF_LENGTH);

/** The type is a number here and a digit in text. Without one the frame is ignored, as by the official server. */
const toBase64 = (bytes: Buffer): string => {
  const type = bytes.readUInt8(0);
  return type <= 6 ? `b${type}${bytes.toString("base64", 1)}` : "b";
};

const badPayload = (position: number): ProtocolError =>
  new ProtocolError(
    "protocol.bad_frame",
    `expected a payload of frames with their lengths, got another at position ${position}`,
    { evidence: { position } },
  );
