import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ProtocolError } from "../../lib/protocol/errors.ts";
import { decodeFrame, encodeMessage } from "../../lib/protocol/frame.ts";
import { defaultCodec, type Packet } from "../../lib/protocol/packet.ts";
import { receiveMessage, toPending, type PendingPacket } from "../../lib/protocol/reassembly.ts";
import { isReservedEvent } from "../../lib/protocol/reserved-events.ts";
import { officialVerdict } from "./official.ts";

const runs = { seed: 20_250_101, numRuns: 1_000 };

/** Any UTF-16 string, halves of surrogate pairs included. */
const anyText = fc.array(fc.nat(0xffff)).map((units) => String.fromCharCode(...units));

/** Strings that are nearly packets: the pieces of the grammar, in any order. */
const nearlyPacket = fc
  .array(
    fc.oneof(
      fc.constantFrom(
        "0",
        "1",
        "2",
        "3",
        "4",
        "5",
        "6",
        "7",
        "51-",
        "62-",
        "511-",
        "-",
        "/",
        "/a,",
        ",",
        " ",
        "\n",
      ),
      fc.constantFrom(
        "[",
        "]",
        "{}",
        '["x"]',
        '["connect"]',
        '["x",{"_placeholder":true,"num":0}]',
        "null",
        "1e3",
      ),
      fc.constantFrom(
        '{"__proto__":{"x":1}}',
        '["__proto__"]',
        "\ud800",
        "\udfff",
        "\u0000",
        "\u0664",
        "9".repeat(400),
      ),
      fc.json(),
      fc.string({ maxLength: 3 }),
    ),
    { maxLength: 6 },
  )
  .map((pieces) => pieces.join(""));

const someText = fc.oneof(anyText, nearlyPacket, fc.json());
const someBytes = fc.uint8Array({ maxLength: 8 }).map((part) => Buffer.from(part));

describe("out of a decoder comes a value or a ProtocolError", () => {
  test("decodeFrame", () => {
    fc.assert(
      fc.property(
        fc.oneof(
          someText,
          someText.map((text) => `4${text}`),
          someText.map((text) => `b${text}`),
        ),
        (text) => {
          attempt(() => decodeFrame(text));
        },
      ),
      runs,
    );
  });

  test("decodeText", () => {
    fc.assert(
      fc.property(someText, (text) => {
        attempt(() => defaultCodec.decodeText(text));
      }),
      runs,
    );
  });

  test("assemble and toPending", () => {
    fc.assert(
      fc.property(someText, fc.array(someBytes, { maxLength: 12 }), (header, parts) => {
        attempt(() => defaultCodec.assemble(header, parts));
        attempt(() => toPending(header, parts));
      }),
      runs,
    );
  });

  test("receiveMessage, for any series of messages", () => {
    const pendings = fc.option(
      fc.record({
        header: someText,
        attachments: fc.integer(),
        parts: fc.array(someBytes, { maxLength: 3 }),
      }),
      { nil: undefined },
    );

    fc.assert(
      fc.property(pendings, fc.array(fc.oneof(someText, someBytes), { maxLength: 5 }), (start, messages) => {
        let pending: PendingPacket | undefined = start;
        for (const message of messages) {
          const received = attempt(() => receiveMessage(defaultCodec, pending, message));
          pending = received && "pending" in received ? received.pending : undefined;
        }
      }),
      runs,
    );
  });
});

test("whether a series of frames is legal is decided as officially, except for ids that are no number", () => {
  const frames = fc.array(
    fc.oneof(
      nearlyPacket.map((text) => `4${text}`),
      someBytes.map(encodeMessage),
    ),
    {
      minLength: 1,
      maxLength: 4,
    },
  );

  fc.assert(
    fc.property(frames, (list) => {
      const verdict = officialVerdict(list);
      const hasBadId =
        Array.isArray(verdict) && verdict.some(({ id }) => id !== undefined && !Number.isInteger(id));

      expect(isLegal(list)).toBe(verdict !== "closes" && !hasBadId);
    }),
    { ...runs, numRuns: 3_000 },
  );
});

describe("what is encoded is decoded", () => {
  const nsp = fc.string().map((name) => `/${name.replaceAll(",", "")}`);
  const eventName = fc.oneof(
    fc.string({ unit: "grapheme" }).filter((name) => !isReservedEvent(name)),
    fc.integer(),
  );
  const json = fc.jsonValue().map((value): unknown => JSON.parse(JSON.stringify(value)));
  /** Values with bytes in them. The official encoder loses `__proto__` keys next to bytes, so none here. */
  const { binary } = fc.letrec<{ binary: unknown }>((tie) => ({
    binary: fc.oneof(
      { depthSize: "small" },
      someBytes,
      fc.constantFrom<unknown>(null, true, 1.5, "text", ""),
      fc.array(tie("binary"), { maxLength: 3 }),
      fc.dictionary(fc.constantFrom("a", "b", "num"), tie("binary")),
    ),
  }));
  const args = fc.array(fc.oneof(json, binary), { maxLength: 4 });
  const id = fc.nat(Number.MAX_SAFE_INTEGER);

  const packets = fc.oneof(
    fc.record({ type: fc.constant("connect" as const), nsp }),
    fc.record({
      type: fc.constant("connect" as const),
      nsp,
      auth: fc.dictionary(fc.string(), json, { noNullPrototype: true }),
    }),
    fc.record({ type: fc.constant("disconnect" as const), nsp }),
    fc.record({ type: fc.constant("ack" as const), nsp, id, args }),
    fc
      .record({ nsp, name: eventName, args })
      .map((event): Packet => ({ type: "event", nsp: event.nsp, args: [event.name, ...event.args] })),
    fc.record({ nsp, id, name: eventName, args }).map((event): Packet => ({
      type: "event",
      nsp: event.nsp,
      id: event.id,
      args: [event.name, ...event.args],
    })),
  );

  test("every packet that a client may send", () => {
    fc.assert(
      fc.property(packets, (packet) => {
        const frames = defaultCodec.encode(packet).map(encodeMessage);
        // Twelve and more attachments can be written, and no side reads them.
        fc.pre(frames.length <= 11);

        expect(decodeAll(frames)).toEqual([packet]);
      }),
      runs,
    );
  });
});

/** Sixteen times the longest frame: a quadratic step would take minutes here, a linear one takes milliseconds. */
describe("half a megabyte of one thing is decoded in linear time", () => {
  const size = 524_288;
  const texts: Record<string, string> = {
    "digits of an ack id": `2${"9".repeat(size)}["x"]`,
    "blanks of an ack id": `2${" ".repeat(size)}["x"]`,
    "digits of a number of attachments": `5${"9".repeat(size)}-["x"]`,
    "zeros of a number of attachments": `5${"0".repeat(size)}1-["x"]`,
    "a number of attachments without an end": `5${"1".repeat(size)}`,
    "a namespace without an end": `2/${"a".repeat(size)}`,
    "open lists": `2["x",${"[".repeat(size)}`,
    "nested lists": `2["x",${"[".repeat(size / 2)}${"]".repeat(size / 2)}]`,
    "nested lists with an attachment": `51-["x",${"[".repeat(size / 2)}${"]".repeat(size / 2)}]`,
    "nested objects": `0${'{"a":'.repeat(size / 8)}1${"}".repeat(size / 8)}`,
    keys: `2["x",{${Array.from({ length: size / 16 }, (_, n) => `"k${n}":1`).join(",")}}]`,
    placeholders: `51-["x"${',{"_placeholder":true,"num":0}'.repeat(size / 32)}]`,
    backslashes: `2["${"\\\\".repeat(size / 2)}"]`,
    "no packet at all": "x".repeat(size),
  };

  test.each(Object.entries(texts))("%s", (_, text) => {
    const before = process.cpuUsage();

    attempt(() => defaultCodec.decodeText(text));
    attempt(() => defaultCodec.assemble(text, [Buffer.from([1])]));
    attempt(() => toPending(text, []));
    attempt(() => decodeFrame(`4${text}`));
    attempt(() => decodeFrame(`b${text}`));

    const { user, system } = process.cpuUsage(before);
    expect((user + system) / 1_000).toBeLessThan(3_000);
  });
});

function attempt<Value>(run: () => Value): Value | undefined {
  try {
    return run();
  } catch (error) {
    if (error instanceof ProtocolError) return undefined;
    throw error;
  }
}

function decodeAll(frames: readonly string[]): Packet[] {
  const packets: Packet[] = [];
  let pending: PendingPacket | undefined;
  for (const text of frames) {
    const frame = decodeFrame(text);
    if (frame.type !== "message") throw new Error(`expected a message, got ${frame.type}`);
    const received = receiveMessage(defaultCodec, pending, frame.data);
    pending = "pending" in received ? received.pending : undefined;
    if ("packet" in received) packets.push(received.packet);
  }
  return packets;
}

/** A packet that only servers send is read, and ends the session. */
const isLegal = (frames: readonly string[]): boolean =>
  attempt(() => decodeAll(frames))?.every(({ type }) => type !== "connect_error") ?? false;
