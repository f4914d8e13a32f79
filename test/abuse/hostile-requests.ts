import { gzipSync } from "node:zlib";
import { pause } from "../support/waiting.ts";
import { ask, dial, Line, openPolling, pick, wholeTo, type Stranger } from "./stranger.ts";

const SEPARATOR = "\x1e";

/** 20 MB of nothing, in 20 KB. */
const bomb = gzipSync(Buffer.alloc(20_000_000));

/** A session of polling that has joined, and how to go on with it. */
async function enter(stranger: Stranger) {
  const sid = await openPolling(stranger);
  const query = { sid: sid ?? "none" };
  await ask(stranger, { query, body: '40{"room":"lair"}' });
  return {
    sid: query.sid,
    post: (body: string | Buffer, headers = {}) => ask(stranger, { query, body, headers }),
    get: (abortAfterMs?: number) =>
      ask(stranger, { query, ...(abortAfterMs === undefined ? {} : { abortAfterMs }) }),
  };
}

/** What strangers do over HTTP. Each ends by itself. */
export const hostileRequests: Readonly<Record<string, (stranger: Stranger) => Promise<void>>> = {
  async "opens sessions and forgets them"(stranger) {
    await openPolling(stranger);
  },

  async "breaks off a request"(stranger) {
    const client = await enter(stranger);
    await client.get(wholeTo(stranger, 200));
    await client.post("1");
  },

  async "sends hundreds of events at once"(stranger) {
    const client = await enter(stranger);
    const event = pick(stranger, ['42["x"]', '42["say"]', '42["say",{}]', '42["enter",1]']);
    await client.post(Array.from({ length: 300 }, () => event).join(SEPARATOR));
    await client.post("1");
  },

  async "sends pongs and answers without end"(stranger) {
    const client = await enter(stranger);
    const frame = pick(stranger, ["3", "430[]", "4399[]"]);
    await client.post(Array.from({ length: 500 }, () => frame).join(SEPARATOR));
    await client.post("1");
  },

  async "posts what is no payload"(stranger) {
    const client = await enter(stranger);
    const bodies = [
      "",
      SEPARATOR.repeat(50),
      "9",
      "42[",
      "\ufffe\uffff",
      "\ud800",
      "b",
      "2",
      Buffer.from([0, 255, 1]),
    ];
    await client.post(pick(stranger, bodies), {
      "content-type": pick(stranger, ["text/plain", "application/octet-stream"]),
    });
    await client.post("1");
  },

  async "polls twice at once"(stranger) {
    const client = await enter(stranger);
    await Promise.all([client.get(), client.get(), client.post('42["say"]')]);
    await client.post("1");
  },

  async "posts what is too large"(stranger) {
    const client = await enter(stranger);
    await client.post(Buffer.alloc(1_100_000, "x"));
    await client.post("1");
  },

  async "posts what would grow"(stranger) {
    const client = await enter(stranger);
    const encoding = pick(stranger, ["gzip", "deflate", "br"]);
    await client.post(bomb, { "content-encoding": encoding, "content-type": "text/plain" });
    await client.post("1");
  },

  async "sends a body a byte at a time"(stranger) {
    const { sid } = await enter(stranger);
    const socket = await dial(stranger);
    const path = `/socket.io/?EIO=4&transport=polling&sid=${sid}`;
    socket.write(`POST ${path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\n`);
    for (let byte = 0; byte < 5; byte++) {
      socket.write("4");
      await pause(100);
    }
    socket.destroy();
    await ask(stranger, { query: { sid }, body: "1" });
  },

  async "sends headers and goes"(stranger) {
    const socket = await dial(stranger);
    socket.write("GET /socket.io/?EIO=4&transport=polling HTTP/1.1\r\nHost: localhost\r\n");
    socket.write(`X-Long: ${"x".repeat(wholeTo(stranger, 10_000))}\r\n${pick(stranger, ["\r\n", ""])}`);
    await pause(wholeTo(stranger, 100));
    socket.destroy();
  },

  async "sends compressed frames that nobody agreed to"(stranger) {
    const socket = await dial(stranger);
    socket.write(
      "GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" +
        "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n" +
        "Sec-WebSocket-Extensions: permessage-deflate\r\n\r\n",
    );
    await new Promise<void>((resolve) => {
      socket.once("data", () => resolve());
      socket.once("close", () => resolve());
      setTimeout(resolve, 2_000);
    });
    // FIN, RSV1, text, masked with zeros: 125 bytes of a compressed message.
    socket.write(Buffer.concat([Buffer.from([0xc1, 0x80 | 125, 0, 0, 0, 0]), bomb.subarray(10, 135)]));
    await pause(100);
    socket.destroy();
  },

  async "probes and never upgrades"(stranger) {
    const client = await enter(stranger);
    const probes = [new Line(stranger, { sid: client.sid })];
    if (stranger.random() < 0.5) probes.push(new Line(stranger, { sid: client.sid }));
    await probes[0]?.heard("3probe", 0);
    for (const probe of probes) probe.send(pick(stranger, ["2probe", "5", '42["say"]', "2nothing"]));
    await pause(wholeTo(stranger, 300));
    for (const probe of probes) probe.breakOff();
    await client.post("1");
  },

  async "upgrades, and polls on"(stranger) {
    const client = await enter(stranger);
    const line = new Line(stranger, { sid: client.sid });
    await new Promise<void>((resolve) => {
      line.socket.once("open", () => resolve());
      line.socket.once("close", () => resolve());
    });
    line.send("2probe");
    await line.heard("3probe");
    line.send("5");
    line.say();
    await line.heard("43");
    await client.post('42["say"]');
    line.breakOff();
  },

  async "speaks the old protocol badly"(stranger) {
    const answer = await ask(stranger, { query: { EIO: "3" } });
    const sid = /"sid":"([^"]+)"/.exec(answer?.body ?? "")?.[1] ?? "none";
    const body = pick(stranger, ["1:2", "99999999999:4", '8:42["x"]', "-1:4", "1:", "3:40/"]);
    await ask(stranger, { query: { EIO: "3", sid }, body, headers: { "content-type": "text/plain" } });
    await ask(stranger, { query: { EIO: "3", sid }, body: "1:1", headers: { "content-type": "text/plain" } });
  },
};
