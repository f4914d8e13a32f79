import type { IncomingMessage } from "node:http";

/** How bytes travel as text: in Engine.IO 4 `b` and base64, in Engine.IO 3 with the packet's type between the two. */
export interface BinaryForm {
  toText(bytes: Buffer): string;
  toBytes(text: string): Buffer;
}

const version4: BinaryForm = {
  toText: (bytes) => `b${bytes.toString("base64")}`,
  toBytes: (text) => Buffer.from(text.slice(1), "base64"),
};

const version3: BinaryForm = {
  toText: (bytes) => `b${bytes[0] ?? ""}${bytes.toString("base64", 1)}`,
  toBytes: (text) => Buffer.from([Number(text.charAt(1)), ...Buffer.from(text.slice(2), "base64")]),
};

export const binaryFormOf = ({ url = "/" }: IncomingMessage): BinaryForm =>
  new URL(url, "http://localhost").searchParams.get("EIO") === "3" ? version3 : version4;
