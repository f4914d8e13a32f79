import { Decoder } from "socket.io-parser";
import { describe, expect, test } from "vitest";
import type { ProtocolErrorCode } from "../../lib/protocol/errors.ts";
import { decodeFrame } from "../../lib/protocol/frame.ts";
import { defaultCodec } from "../../lib/protocol/packet.ts";
import { receiveMessage, type Received } from "../../lib/protocol/reassembly.ts";
import { failure } from "./failure.ts";
import { officialVerdict } from "./official.ts";

const bytes = (...values: number[]): Buffer => Buffer.from(values);

function receive(frames: readonly string[]): Received {
  let received: Received | undefined;
  for (const text of frames) {
    const frame = decodeFrame(text);
    if (frame.type !== "message") throw new Error(`expected a message, got ${frame.type}`);
    const pending = received && "pending" in received ? received.pending : undefined;
    received = receiveMessage(defaultCodec, pending, frame.data);
  }
  if (!received) throw new Error("expected at least one frame");
  return received;
}

test("the official decoder that all of this is compared with is the one whose rules were read", () => {
  expect(() => new Decoder().add('50-["x"]')).toThrow("Illegal attachments");
});

describe("a client's frames are refused", () => {
  const refused: readonly [ProtocolErrorCode, string[][]][] = [
    [
      "protocol.bad_packet",
      [
        ["4"],
        ["40null"],
        ["40[]"],
        ['40"x"'],
        ["40{"],
        ["40custom,"],
        ["40/custom,null"],
        ["40/custom,[]"],
        ["41{}"],
        ['41["x"]'],
        ["41,"],
        ["41/custom,{}"],
        ["42[]"],
        ["42[null]"],
        ["42[{}]"],
        ["42[true]"],
        ["42[[]]"],
        ['42{"0":"x"}'],
        ['42"x"'],
        ["42null"],
        ["42,"],
        ['42["x"'],
        ['42["x"]]'],
        ['42["connect"]'],
        ['42["connect_error"]'],
        ['42["disconnect"]'],
        ['42["disconnecting"]'],
        ['42["newListener"]'],
        ['42["removeListener"]'],
        ['42/custom,1["connect"]'],
        ['42abc["x"]'],
        ['42-1["x"]'],
        ['421.5["x"]'],
        ['421e1["x"]'],
        ["431{}"],
        ["431null"],
        ['431"x"'],
        ["44["],
        ["44null"],
        ["47"],
        ["48"],
        ["49"],
        ["4abc"],
        ["4-1"],
        ["4\ud83d\ude00"],
        ["4__proto__"],
        ['451-["connect"]'],
        ["451-[]"],
        ['451-[{"_placeholder":true,"num":0}]'],
        ["451-{}"],
        ["461-{}"],
      ],
    ],
    [
      "protocol.bad_attachment_count",
      [
        ["45"],
        ["46"],
        ['45["x"]'],
        ['45-["x"]'],
        ['45a-["x"]'],
        ['451.5-["x"]'],
        ['45-1-["x"]'],
        ['450-["x"]'],
        ['460-["x"]'],
        ['4511-["x"]'],
        ['45999999999999999999999-["x"]'],
        ['45Infinity-["x"]'],
        ['45NaN-["x"]'],
        ['45 -["x"]'],
        ['451["x"]'],
        ['45/custom,1-["x"]'],
      ],
    ],
    [
      "protocol.illegal_attachment",
      [
        ['451-["x",{"_placeholder":true,"num":1}]', "bAQ=="],
        ['451-["x",{"_placeholder":true,"num":-1}]', "bAQ=="],
        ['451-["x",{"_placeholder":true,"num":"0"}]', "bAQ=="],
        ['451-["x",{"_placeholder":true,"num":"splice"}]', "bAQ=="],
        ['451-["x",{"_placeholder":true,"num":"__proto__"}]', "bAQ=="],
        ['451-["x",{"_placeholder":true,"num":null}]', "bAQ=="],
        ['451-["x",{"_placeholder":true,"num":1e999}]', "bAQ=="],
        ['451-["x",{"_placeholder":true}]', "bAQ=="],
        ['461-1[{"deep":[{"_placeholder":true,"num":7}]}]', "bAQ=="],
      ],
    ],
    [
      "protocol.unexpected_attachment",
      [["b"], ["bAQ=="], ['42["x"]', "bAQ=="], ['451-["x",{"_placeholder":true,"num":0}]', "bAQ==", "bAg=="]],
    ],
    [
      "protocol.unexpected_text",
      [
        ['451-["x",{"_placeholder":true,"num":0}]', '42["y"]'],
        ['451-["x",{"_placeholder":true,"num":0}]', "41"],
        ['452-["x"]', "bAQ==", '451-["x"]'],
      ],
    ],
  ];
  const rows = refused.flatMap(([code, lists]) => lists.map((frames) => [frames, code] as const));

  test.each(rows)("%j", (frames, code) => {
    const error = failure(() => receive(frames));

    expect(error.code).toBe(code);
    expect(error.closeReason).toBe("forced close");
    expect(error.expose).toBe(false);
  });

  test.each(rows)("%j, as officially", (frames) => {
    expect(officialVerdict(frames)).toBe("closes");
  });

  test.each(['421 2["x"]', `42${"9".repeat(400)}["x"]`, "43 1 1[]"])(
    "%j is refused here, while the official server acks NaN or Infinity",
    (frame) => {
      const error = failure(() => receive([frame]));

      expect(error.code).toBe("protocol.bad_packet");
      expect(officialVerdict([frame])).toEqual([
        expect.objectContaining({ id: expect.not.toSatisfy(Number.isFinite) }),
      ]);
    },
  );

  test("nesting too deep for the parser is an error of ours", () => {
    const depth = 200_000;
    const header = `51-["x",${"[".repeat(depth)}${"]".repeat(depth)}]`;

    const error = failure(() => defaultCodec.assemble(header, [bytes(1)]));

    expect(error.code).toMatch(/^protocol\.(illegal_attachment|bad_packet)$/);
  });
});
