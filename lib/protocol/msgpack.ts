/**
 * Whether bytes are exactly one MessagePack value, with no length beyond their end.
 *
 * A decoder that believes the lengths it reads can be told to allocate gigabytes by a packet of twenty bytes: an `ext`
 * of type 0 is an ArrayBuffer for notepack.io, made before it is filled. So lengths are walked over first, with nothing
 * allocated and no recursion.
 *
 * @see https://github.com/msgpack/msgpack/blob/master/spec.md#formats
 */
export function isMsgpack(bytes: Uint8Array): boolean {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const end = bytes.byteLength;
  let at = 0;
  let due = 1;
  while (due > 0) {
    // Every value that is due takes a byte at least.
    if (due > end - at) return false;
    const head = readHead(view, at, bytes[at] ?? 0);
    if (head === undefined) return false;
    at += head.bytes;
    due += head.values - 1;
    if (at > end) return false;
  }
  return at === end;
}

/** How many bytes a value takes itself, and how many values it holds. */
interface Head {
  readonly bytes: number;
  readonly values: number;
}

function readHead(view: DataView, at: number, format: number): Head | undefined {
  if (format <= 0x7f || format >= 0xe0) return { bytes: 1, values: 0 };
  if (format <= 0x8f) return { bytes: 1, values: 2 * (format & 0x0f) };
  if (format <= 0x9f) return { bytes: 1, values: format & 0x0f };
  if (format <= 0xbf) return { bytes: 1 + (format & 0x1f), values: 0 };
  const fixed = fixedBytes[format];
  if (fixed !== undefined) return { bytes: fixed, values: 0 };
  const counted = countedFormats[format];
  if (counted === undefined || at + 1 + counted.width > view.byteLength) return undefined;
  const count = readCount(view, at + 1, counted.width);
  const bytes = 1 + counted.width + counted.extra;
  return counted.of === "bytes" ? { bytes: bytes + count, values: 0 } : { bytes, values: counted.of * count };
}

/** nil, booleans, floats, integers, and `fixext` with its type. */
const fixedBytes: Readonly<Record<number, number>> = {
  ...{ 0xc0: 1, 0xc2: 1, 0xc3: 1, 0xca: 5, 0xcb: 9 },
  ...{ 0xcc: 2, 0xcd: 3, 0xce: 5, 0xcf: 9, 0xd0: 2, 0xd1: 3, 0xd2: 5, 0xd3: 9 },
  ...{ 0xd4: 3, 0xd5: 4, 0xd6: 6, 0xd7: 10, 0xd8: 18 },
};

interface Counted {
  readonly width: 1 | 2 | 4;
  /** The type of an `ext`. */
  readonly extra: 0 | 1;
  /** What is counted: bytes, or values, of which an entry of a map has two. */
  readonly of: "bytes" | 1 | 2;
}

const countedFormats: Readonly<Record<number, Counted>> = {
  0xc4: { width: 1, extra: 0, of: "bytes" },
  0xc5: { width: 2, extra: 0, of: "bytes" },
  0xc6: { width: 4, extra: 0, of: "bytes" },
  0xc7: { width: 1, extra: 1, of: "bytes" },
  0xc8: { width: 2, extra: 1, of: "bytes" },
  0xc9: { width: 4, extra: 1, of: "bytes" },
  0xd9: { width: 1, extra: 0, of: "bytes" },
  0xda: { width: 2, extra: 0, of: "bytes" },
  0xdb: { width: 4, extra: 0, of: "bytes" },
  0xdc: { width: 2, extra: 0, of: 1 },
  0xdd: { width: 4, extra: 0, of: 1 },
  0xde: { width: 2, extra: 0, of: 2 },
  0xdf: { width: 4, extra: 0, of: 2 },
};

function readCount(view: DataView, at: number, width: Counted["width"]): number {
  if (width === 1) return view.getUint8(at);
  return width === 2 ? view.getUint16(at) : view.getUint32(at);
}
