/** A packet that a parser has encoded, if it made one message of it. */
export interface Sample {
  readonly isAck: boolean;
  readonly message: string | Uint8Array;
}

/** Packets as stock clients write them: the order of their keys is part of what a parser encodes. */
const packets: readonly { readonly isAck: boolean; readonly packet: object }[] = [
  { isAck: true, packet: { type: 3, id: 0, data: [], nsp: "/" } },
  { isAck: true, packet: { type: 3, id: 7, data: ["ok", { n: 1 }], nsp: "/admin" } },
  { isAck: true, packet: { type: 3, id: 70_000, data: [null, -1], nsp: "/" } },
  { isAck: false, packet: { type: 0, nsp: "/" } },
  { isAck: false, packet: { type: 0, data: { token: "t" }, nsp: "/" } },
  { isAck: false, packet: { type: 1, nsp: "/" } },
  { isAck: false, packet: { type: 2, data: ["e"], options: { compress: true }, nsp: "/" } },
  { isAck: false, packet: { type: 2, data: ["e", 1], options: { compress: true }, id: 0, nsp: "/" } },
  { isAck: false, packet: { type: 2, id: 0, data: ["e"], nsp: "/" } },
];

/** What a parser makes of every kind of packet; none for what it cannot encode, or not in one message. */
export function sampleMessages(encode: (packet: object) => readonly (string | Uint8Array)[]): Sample[] {
  return packets.flatMap(({ isAck, packet }): Sample[] => {
    try {
      const [message, ...rest] = encode(packet);
      return message === undefined || rest.length > 0 ? [] : [{ isAck, message }];
    } catch {
      return [];
    }
  });
}

/**
 * How the messages of acks begin, and those of no other packet; undefined where a parser has no such beginning. Bytes
 * come in threes, because they travel as base64: a frame then begins with the very characters of their own base64.
 */
export function findAckPrefix(samples: readonly Sample[]): string | Uint8Array | undefined {
  if (samples.length < packets.length) return undefined;
  const isText = samples.every(({ message }) => typeof message === "string");
  if (!isText && samples.some(({ message }) => typeof message === "string")) return undefined;
  const form = isText ? ("utf8" as const) : ("latin1" as const);
  const texts = samples.map(({ isAck, message }) => ({ isAck, text: Buffer.from(message).toString(form) }));
  const acks = texts.filter(({ isAck }) => isAck).map(({ text }) => text);
  const common = acks.reduce(toCommonPrefix);
  const prefix = isText ? common : common.slice(0, common.length - (common.length % 3));
  if (prefix === "" || texts.some(({ isAck, text }) => !isAck && text.startsWith(prefix))) return undefined;
  return isText ? prefix : Buffer.from(prefix, "latin1");
}

function toCommonPrefix(one: string, other: string): string {
  let length = 0;
  while (length < one.length && one[length] === other[length]) length += 1;
  return one.slice(0, length);
}
