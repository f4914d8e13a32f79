import { describe, expect, it } from "vitest";
import type { Server } from "../../../lib/socketio/server.ts";
import { Rig, type RigOptions } from "../../support/rig.ts";

/** An app that takes what clients send at its word. */
function trusting(io: Server): void {
  io.on("connection", (socket) => {
    socket.on("nothing", () => undefined);
    socket.on("echo", (value: unknown) => void socket.emit("echo", value));
    socket.on("ack", (value: unknown, ack: (value: unknown) => void) => ack(value));
    socket.on("data", (value: unknown) => (socket.data = { value }));
    socket.on("own", (value: unknown) => Object.assign(socket, { value }));
    socket.on("key", (key: string) => Object.assign(socket.data as object, { [key]: 1 }));
    socket.on("own key", (key: string) => Object.assign(socket, { [key]: 1 }));
    socket.on("join", (room: string) => socket.join(room));
    socket.on("once", (name: string) => void socket.once(name, () => undefined));
    socket.on("register", () => void socket.on("later", () => undefined));
    socket.on("alive", () => socket.emit("alive"));
    socket.on("ask", () => void socket.timeout(1_000).emit("question", () => undefined));
  });
}

const nested = (depth: number, inner = ""): string => "[".repeat(depth) + inner + "]".repeat(depth);
const DEEP = nested(15_000);
const PLACEHOLDER = '{"_placeholder":true,"num":0}';
const HALF_A_PAIR = String.raw`"\ud800"`;

const inputs: Record<string, readonly string[]> = {
  "an event nested 15,000 deep": [`42["nothing",${DEEP}]`],
  "one that is sent back": [`42["echo",${DEEP}]`],
  "one that is acknowledged with": [`421["ack",${DEEP}]`],
  "one that is kept as data": [`42["data",${DEEP}]`],
  "one that is kept as an own property": [`42["own",${DEEP}]`],
  "one whose handler registers another": [`42["register",${DEEP}]`],
  "an event with bytes 15,000 deep": [`451-["nothing",${nested(15_000, PLACEHOLDER)}]`, "bAQID"],
  "an answer nested 15,000 deep": ['42["ask"]', `430[${DEEP}]`],
  "an answer with bytes 15,000 deep": ['42["ask"]', `461-0[${nested(15_000, PLACEHOLDER)}]`, "bAQID"],
  "half a surrogate pair as a key of data": [`42["key",${HALF_A_PAIR}]`],
  "half a surrogate pair as an own property": [`42["own key",${HALF_A_PAIR}]`],
  "half a surrogate pair as a room": [`42["join",${HALF_A_PAIR}]`],
  "half a surrogate pair as an event that is listened to once": [
    `42["once",${HALF_A_PAIR}]`,
    `42[${HALF_A_PAIR}]`,
  ],
  "a key that every object inherits": ['42["key","constructor"]', '42["key","__proto__"]'],
};

const options: readonly (readonly [string, RigOptions])[] = [
  ["as it comes", {}],
  ["with recovery and digests", { connectionStateRecovery: {}, replayDigest: true }],
];

describe.each(options)("what a client may send, %s", (_, rigOptions) => {
  it.each(Object.entries(inputs))("is no outage: %s", async (_title, frames) => {
    const rig = new Rig(trusting, rigOptions);
    const [client, bystander] = [await rig.connect(), await rig.connect()];

    await client.send(...frames);
    await rig.advance(2_000);
    await client.send('42["nothing"]');
    void bystander.received;
    await bystander.send('42["alive"]');

    expect(rig.mailbox.left).toEqual([]);
    expect(rig.logs.filter(({ message }) => /comes again|batch was rejected/.test(message))).toEqual([]);
    expect(bystander.received).toHaveLength(1);
  });

  it.each([
    ["nested 15,000 deep", `40{"a":${DEEP}}`],
    ["too long", `40{"a":"${"x".repeat(10_000)}"}`],
  ])("refuses auth that is %s, and says why", async (_title, frame) => {
    const rig = new Rig(trusting, rigOptions);
    const client = await rig.open();
    void client.received;

    await client.send(frame);

    expect(client.received).toEqual(['44{"message":"auth must be at most 8192 bytes"}']);
    expect(rig.mailbox.left).toEqual([]);
    expect(rig.logs).toEqual([]);
  });

  it("closes a session whose attachments are more than can be kept, at once and without an alarm", async () => {
    const rig = new Rig(trusting, rigOptions);
    const client = await rig.connect();
    const part = `b${Buffer.alloc(200_000).toString("base64")}`;

    await client.send(`453-["nothing"${`,${PLACEHOLDER}`.repeat(3)}]`, part, part);

    expect(client.isClosed).toBe(true);
    expect(rig.mailbox.left).toEqual([]);
    expect(rig.logged("state.pending_too_large")).toMatchObject([{ level: "info" }]);
    expect(rig.logs.filter(({ level }) => level === "error" || level === "warn")).toEqual([]);
  });

  it("takes attachments as large when they come with their packet", async () => {
    const rig = new Rig(trusting, rigOptions);
    const client = await rig.connect();
    const part = `b${Buffer.alloc(200_000).toString("base64")}`;
    const num = (index: number) => `,{"_placeholder":true,"num":${index}}`;

    await client.send(`453-["nothing"${num(0)}${num(1)}${num(2)}]`, part, part, part);

    expect(client.isClosed).toBe(false);
  });
});
