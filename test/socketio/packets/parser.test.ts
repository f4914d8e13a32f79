import * as msgpack from "socket.io-msgpack-parser";
import * as stock from "socket.io-parser";
import { describe, expect, it } from "vitest";
import type { Server } from "../../../lib/socketio/server.ts";
import { encodeMessage } from "../../../lib/protocol/frame.ts";
import { Rig, type Client } from "../../support/rig.ts";

const ACK_PREFIX = "bhKR0eXBlA6Jp";

/** Packets as the stock client of that parser writes them. */
const write = (packet: object): string =>
  encodeMessage((new msgpack.Encoder().encode(packet) as unknown as [Buffer])[0]);

function read(frame: string): unknown {
  const seen: unknown[] = [];
  const decoder = new msgpack.Decoder();
  decoder.on("decoded", (packet: unknown) => seen.push(packet));
  decoder.add(Buffer.from(frame.slice(1), "base64"));
  return seen[0];
}

const event = (id: number | undefined, ...data: unknown[]) =>
  write({ type: 2, data, options: { compress: true }, ...(id === undefined ? {} : { id }), nsp: "/" });
const ack = (id: number, ...data: unknown[]) => write({ type: 3, id, data, nsp: "/" });

async function connect(
  define: (io: Server) => unknown,
  instances = 1,
): Promise<{ rig: Rig; client: Client }> {
  const rig = new Rig(define, { parser: msgpack, instances });
  rig.mailbox.ackPrefix = ACK_PREFIX;
  const client = await rig.open({ b64: "1" });
  void client.received;
  await client.send(write({ type: 0, nsp: "/" }));
  expect(client.received.map(read)).toMatchObject([{ type: 0, nsp: "/", data: { sid: expect.any(String) } }]);
  return { rig, client };
}

describe("socket.io-msgpack-parser", () => {
  it("answers with bytes in the packet itself", async () => {
    const { client } = await connect((io) =>
      io.on("connection", (socket) => socket.on("e", (value, done) => done({ value }))),
    );

    await client.send(event(4, "e", Buffer.from([1])));

    expect(client.received.map(read)).toMatchObject([
      { type: 3, id: 4, data: [{ value: Buffer.from([1]) }] },
    ]);
  });

  it("lets a handler wait for an ack, in a batch with a pong, though nothing is released early", async () => {
    const answers: unknown[] = [];
    const { rig, client } = await connect(
      (io) =>
        io.on("connection", (socket) => {
          socket.on("ask", async () => answers.push(await socket.timeout(5_000).emitWithAck("question")));
        }),
      2,
    );
    rig.mailbox.release = () => Promise.resolve();
    await client.send("3", event(undefined, "ask"));
    const { id } = read(client.received[0]!) as { id: number };

    await client.send(ack(id, Buffer.from([7])));
    await rig.advance(1_000);

    expect(answers).toEqual([Buffer.from([7])]);
    expect(rig.mailbox.left).toEqual([]);
  });

  it("does not send what API Gateway would refuse", async () => {
    const { rig } = await connect((io) => io.on("connection", () => undefined));

    // Base64 is a third longer: with the rest of the packet this is beyond 128 KB.
    expect(() => rig.io.emit("e", Buffer.alloc(98_304))).toThrow(
      expect.objectContaining({ code: "protocol.payload_too_large" }),
    );
    expect(() => rig.io.emit("e", Buffer.alloc(98_000))).not.toThrow();
    await rig.settle();
  });

  it.each([
    ["text of the stock parser", "40"],
    ["no MessagePack", "bAAECAw=="],
    ["a reserved event", event(undefined, "disconnect", "forged")],
  ])("closes a client that sends %s", async (_, frame) => {
    const { client } = await connect((io) => io.on("connection", () => undefined));

    await client.send(frame);

    expect(client.isClosed).toBe(true);
  });
});

it("the stock parser given as parser puts packets together across instances", async () => {
  const heard: unknown[] = [];
  const rig = new Rig(
    (io) => io.on("connection", (socket) => socket.on("img", (value) => heard.push(value))),
    { parser: stock, instances: 2 },
  );
  rig.mailbox.batchSize = 1;
  const client = await rig.connect();

  await client.send('451-["img",{"_placeholder":true,"num":0}]');
  await client.send("bAQI=");

  expect(heard).toEqual([Buffer.from([1, 2])]);
});
