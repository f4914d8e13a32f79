import { deserialize, serialize } from "node:v8";

/** A value as text, for a row or a letter: whatever a client may send, bytes and `undefined` included. */
export const pack = (value: unknown): string => serialize(value).toString("base64");

/** The same value again. The text is always our own. */
export const unpack = (text: string): unknown => deserialize(Buffer.from(text, "base64"));
