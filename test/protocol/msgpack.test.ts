import { Encoder } from "socket.io-msgpack-parser";
import fc from "fast-check";
import { expect, it } from "vitest";
import { isMsgpack } from "../../lib/protocol/msgpack.ts";

const encode = (value: unknown): Buffer => (new Encoder().encode(value) as unknown as [Buffer])[0];

it.each([
  ["nil", "c0"],
  ["an empty map", "80"],
  ["a list in a map", "81a16192a17801"],
  ["a double", "cb3ff0000000000000"],
  ["bin 8", "c4020102"],
  ["bin 16", "c500020102"],
  ["bin 32", "c6000000020102"],
  ["ext 8", "c70100ff"],
  ["a date of eight bytes", "d7ff0000000000000000"],
  ["str 8", "d90161"],
  ["array 16", "dc0001c0"],
  ["map 32", "df00000001c0c0"],
])("takes %s", (_, hex) => {
  expect(isMsgpack(Buffer.from(hex, "hex"))).toBe(true);
});

it.each([
  ["nothing", ""],
  ["a type that is never used", "c1"],
  ["two values", "c0c0"],
  ["a text longer than the rest", "a261"],
  ["bytes longer than the rest", "c6ffffffff00"],
  ["an ext of 4 GB, which a decoder would allocate", "c9ffffffff0000"],
  ["a list of 4 billion", "ddffffffffc0"],
  ["a map of 4 billion", "dfffffffffc0c0"],
  ["a length that is cut off", "c500"],
  ["a key without its value", "81a161"],
  ["a double that is cut off", "cb3ff0"],
])("refuses %s", (_, hex) => {
  expect(isMsgpack(Buffer.from(hex, "hex"))).toBe(false);
});

it("takes whatever the encoder writes, and nothing that was cut off", () => {
  const value = fc.anything({ withTypedArray: false, withBigInt: false, maxDepth: 4 });
  fc.assert(
    fc.property(value, (written) => {
      const bytes = encode([written]);

      expect(isMsgpack(bytes)).toBe(true);
      expect(isMsgpack(bytes.subarray(0, -1))).toBe(false);
    }),
    { seed: 20_250_101, numRuns: 300 },
  );
});

it("is as quick about nesting as about anything", () => {
  expect(isMsgpack(Buffer.concat([Buffer.alloc(500_000, 0x91), Buffer.from([0xc0])]))).toBe(true);
});
