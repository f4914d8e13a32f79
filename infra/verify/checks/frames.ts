import { nameCloseCode } from "../../close-codes.ts";
import type { Check } from "../check.ts";
import { judge } from "../outcome.ts";
import type { Stage } from "../stage.ts";

/** What forms, templates and encodings stumble over. */
const hostile = [
  "",
  "plain",
  "\"quotes\" and 'quotes'",
  "a&b=c;d+e%20f%",
  "line\nbreak\r\n\ttab",
  "\\backslash\\n $input.body #set($x = 1) ${util}",
  "grüße, €, 日本語, 😀",
  "\u0000\u001f\u007f\u2028\ufffd",
  "é".repeat(7_000),
];

const bodies: Check = {
  id: "bodies",
  title: "a frame's text through $input.body, base64 and a form",
  assumption: "it reaches the handler as it was sent: quotes, `&`, line breaks, beyond ASCII, 28 KB",
  usedIn: ["infra/letter.yml"],
  needs: ["app"],
  async run(stage) {
    const peer = await stage.join();
    const changed: string[] = [];
    for (const text of hostile) {
      if ((await peer.ask("echo", text)) !== text) changed.push(JSON.stringify(text.slice(0, 20)));
    }
    return judge(
      changed.length === 0,
      changed.length === 0 ? `${hostile.length} texts, all intact` : `changed: ${changed.join(", ")}`,
    );
  },
};

const textFrames: Check = {
  id: "text-frames",
  title: "the type of the frames that a post becomes",
  assumption: "text, whatever is in it",
  usedIn: ["lib/engine/transport.ts", "lib/protocol/packet.ts"],
  needs: ["app"],
  async run(stage) {
    const peer = await stage.join();
    peer.emit("bytes");
    const { text } = await peer.wire.next((frame) => frame.text.startsWith("b") || frame.isBinary);
    const binary = peer.wire.frames.filter(({ isBinary }) => isBinary).length;
    if (binary > 0) return judge(false, `${binary} of ${peer.wire.frames.length} frames are binary`);
    return judge(
      text === "bAP+ACg==" || text === "bAP+ACg",
      `${peer.wire.frames.length} text frames, bytes as ${text}`,
    );
  },
};

const binaryFrame: Check = {
  id: "binary-frame",
  title: "a client sends a binary frame",
  assumption: "API Gateway closes the connection with 1003",
  usedIn: ["docs/semantics.md", "lib/engine/inbox/raw-binary.ts"],
  needs: [],
  run: (stage) => closesWith(stage, Buffer.of(1, 2, 3), 1003),
};

const overLimit: Check = {
  id: "over-32-kb",
  title: "a client sends a frame of more than 32 KB",
  assumption: "API Gateway closes the connection with 1009, and lets one of 32,000 bytes pass",
  usedIn: ["docs/semantics.md", "lib/protocol/limits.ts"],
  needs: [],
  async run(stage) {
    const wire = await stage.open();
    // An upgrade that has happened is no news to a server, whatever is behind it.
    wire.send("6".padEnd(32_000, "x"));
    const early = await wire.ended(1_000);
    if (early !== undefined) return judge(false, `32,000 bytes: close ${nameCloseCode(early.code)}`);
    return closesWith(stage, "6".padEnd(33_000, "x"), 1009);
  },
};

async function closesWith(stage: Stage, frame: string | Buffer, code: number) {
  const wire = await stage.open();
  wire.send(frame);
  const end = await wire.ended();
  return judge(
    end?.code === code,
    end === undefined ? "the connection stayed open" : `close ${nameCloseCode(end.code)}`,
  );
}

/** A post of 128 KB at most, of which the packet around the text takes a little. */
const LARGE_BYTES = 130_000;

const largePost: Check = {
  id: "large-post",
  title: "a post of nearly 128 KB",
  assumption: "it reaches the client whole, as one message",
  usedIn: ["lib/protocol/limits.ts"],
  needs: ["app"],
  async run(stage) {
    const peer = await stage.join();
    peer.emit("large", LARGE_BYTES);
    const [text] = await peer.event("large");
    const bytes = String(text).length;
    return judge(bytes === LARGE_BYTES, `${bytes} of ${LARGE_BYTES} bytes`);
  },
};

const compression: Check = {
  id: "compression",
  title: "a client that offers permessage-deflate",
  assumption: "its frames and ours arrive, whether the API accepts the offer or not",
  usedIn: ["docs/compatibility.md"],
  needs: ["app"],
  async run(stage) {
    const peer = await stage.join({ perMessageDeflate: { threshold: 0 } });
    const text = "compressible ".repeat(1_500);
    const intact = (await peer.ask("echo", text)) === text;
    const accepted = peer.wire.socket.extensions;
    const offer = accepted === "" ? "not accepted" : `accepted: ${accepted}`;
    return judge(intact, `${text.length} bytes ${intact ? "intact" : "changed"}; the offer was ${offer}`);
  },
};

const pingFrames: Check = {
  id: "ping-frame",
  title: "a client sends a ping frame of the WebSocket protocol",
  assumption: "nothing rests on the answer; the connection stays open",
  usedIn: ["docs/decisions/0007-pings-by-sweep.md"],
  needs: [],
  async run(stage) {
    const wire = await stage.open();
    let answer = "no answer";
    wire.socket.once("pong", () => (answer = "a pong"));
    wire.socket.ping();
    const end = await wire.ended(1_000);
    return judge(end === undefined, end === undefined ? answer : `close ${nameCloseCode(end.code)}`);
  },
};

export const frameChecks: readonly Check[] = [
  bodies,
  textFrames,
  binaryFrame,
  overLimit,
  largePost,
  compression,
  pingFrames,
];
