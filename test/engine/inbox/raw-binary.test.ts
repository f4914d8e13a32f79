import * as msgpack from "socket.io-msgpack-parser";
import { expect, it } from "vitest";
import type { ServerOptions } from "../../../lib/socketio/server-options.ts";
import { Rig, type Client } from "../../support/rig.ts";

const HEADER = '451-["img",{"_placeholder":true,"num":0}]';
const withBase64 = { b64: "1" };

interface Case {
  readonly options?: ServerOptions;
  readonly query?: Record<string, string>;
  readonly frames?: readonly string[];
  readonly statusCode?: number;
  readonly reason?: "transport close" | "ping timeout";
}

/** A client that sends frames, and whose connection then ends. */
async function play({ options, query, frames = [], statusCode, reason = "transport close" }: Case) {
  const rig = new Rig((io) => io.on("connection", () => undefined), { instances: 2, ...options });
  const client = await rig.open(query);
  if (!options?.parser) await client.send("40", ...frames);
  await end(rig, client, { reason, ...(statusCode === undefined ? {} : { statusCode }) });
  return rig.logged("core.raw_binary");
}

async function end(
  rig: Rig,
  { sid, connectionId }: Client,
  how: { reason: "transport close" | "ping timeout"; statusCode?: number },
) {
  rig.transport.drop(connectionId);
  await rig.mailbox.send({ kind: "closed", sid, connectionId, atMs: rig.clock.nowMs(), ...how });
  await rig.settle();
}

it.each<[string, Case, string]>([
  ["the gateway says so", { statusCode: 1003 }, "it was ended with 1003"],
  ["the gateway says so of one that promised base64", { statusCode: 1003, query: withBase64 }, "1003"],
  ["attachments never came", { frames: [HEADER] }, "the attachments of a packet never came"],
  ["its parser writes nothing but bytes", { options: { parser: msgpack } }, "the parser writes bytes"],
])("a client is taken to have sent a binary frame when %s", async (_, told, clue) => {
  const lines = await play(told);

  expect(lines).toHaveLength(1);
  expect(lines[0]).toMatchObject({ level: "warn", connectionId: "connection-1=" });
  expect(lines[0]!["clue"]).toContain(clue);
  expect(lines[0]!.message).toContain("forceBase64: true");
  expect(JSON.stringify(lines)).not.toContain("img");
});

it.each<[string, Case]>([
  ["has simply left", {}],
  ["left in another way, as the gateway says", { statusCode: 1001, frames: [HEADER] }],
  ["sends base64, and was cut off in the middle of a packet", { query: withBase64, frames: [HEADER] }],
  ["has had all its attachments come", { frames: [HEADER, "bAQI="] }],
  ["answers no pings", { reason: "ping timeout", frames: [HEADER] }],
  ["sends base64 with a parser that writes bytes", { query: withBase64, options: { parser: msgpack } }],
])("nothing is said of a client that %s", async (_, told) => {
  expect(await play(told)).toEqual([]);
});

it("it is said once, though the end is reported twice", async () => {
  const rig = new Rig((io) => io.on("connection", () => undefined));
  const client = await rig.connect();

  await end(rig, client, { reason: "transport close", statusCode: 1003 });
  await end(rig, client, { reason: "transport close", statusCode: 1003 });

  expect(rig.logged("core.raw_binary")).toHaveLength(1);
});
