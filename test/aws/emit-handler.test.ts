import type { SQSRecord } from "aws-lambda";
import { beforeEach, describe, expect, it } from "vitest";
import { createEmitHandler } from "../../lib/aws/emit-handler.ts";
import { AwsError } from "../../lib/aws/errors.ts";
import { Rig, type Client } from "../support/rig.ts";

let rig: Rig;
let handle: ReturnType<typeof createEmitHandler>;
let ada: Client;
let bob: Client;

beforeEach(async () => {
  rig = new Rig((io) => {
    io.of("/admin");
    io.on("connection", (socket) => {
      socket.on("enter", (room: string) => socket.join(room));
    });
  });
  handle = createEmitHandler(rig.instances[0]!.runtime, rig.io);
  [ada, bob] = [await rig.connect(), await rig.connect()];
  await ada.send('42["enter","news"]');
  await bob.send('42["enter","sport"]');
});

const received = () => ({ ada: ada.received, bob: bob.received });
const record = (messageId: string, body: unknown, group?: string): SQSRecord =>
  ({
    messageId,
    body: typeof body === "string" ? body : JSON.stringify(body),
    attributes: group === undefined ? {} : { MessageGroupId: group },
    eventSource: "aws:sqs",
  }) as unknown as SQSRecord;

describe("what is emitted", () => {
  const headline = { event: "headline", args: ["hello", 1] };
  const frame = '42["headline","hello",1]';

  it.each([
    ["everybody without rooms", headline, { ada: [frame], bob: [frame] }],
    ["a room", { ...headline, rooms: "news" }, { ada: [frame], bob: [] }],
    ["a union of rooms", { ...headline, rooms: ["news", "sport"] }, { ada: [frame], bob: [frame] }],
    ["everybody but a room", { ...headline, except: "news" }, { ada: [], bob: [frame] }],
    ["nobody in another namespace", { ...headline, nsp: "/admin" }, { ada: [], bob: [] }],
    ["an event without arguments", { event: "tick" }, { ada: ['42["tick"]'], bob: ['42["tick"]'] }],
  ])("reaches %s", async (_, request, expected) => {
    await handle(request);

    expect(received()).toEqual(expected);
  });

  it("has been sent when the invocation ends, which returns how many were reached", async () => {
    expect(await handle(headline)).toEqual({ delivered: 2, gone: 0, dropped: 0, unknown: 0 });
    rig.transport.drop(bob.connectionId);
    expect(await handle(headline)).toEqual({ delivered: 1, gone: 1, dropped: 0, unknown: 0 });
  });
});

describe("where it comes from", () => {
  const request = { event: "headline", rooms: "news", args: ["hello"] };

  it.each([
    [
      "the detail of an EventBridge event",
      { source: "app.news", "detail-type": "Headline", detail: request },
    ],
    ["the message of an SNS notification", { Records: [{ Sns: { Message: JSON.stringify(request) } }] }],
    ["the body of an SQS message", { Records: [record("1", request)] }],
    ["an EventBridge event in an SQS message", { Records: [record("1", { detail: request })] }],
    ["the payload of an invocation", request],
  ])("is %s", async (_, event) => {
    await handle(event);

    expect(received()).toEqual({ ada: ['42["headline","hello"]'], bob: [] });
  });
});

describe("what cannot be emitted", () => {
  it.each([
    [{}, '"event" to be a string, got undefined'],
    [null, '"event" to be a string, got undefined'],
    ["headline", '"event" to be a string, got undefined'],
    [{ event: "x", nsp: 1 }, '"nsp" to be a string, got 1'],
    [{ event: "x", rooms: ["a", 2] }, '"rooms" to be a string or a list of strings, got an array'],
    [{ event: "x", except: null }, '"except" to be a string or a list of strings, got null'],
    [{ event: "x", args: "a" }, '"args" to be a list, got a string'],
    [{ Records: [{ Sns: { Message: "hello" } }] }, "a message in JSON, got 5 other characters"],
  ])("fails the invocation: %j", async (event, message) => {
    await expect(handle(event)).rejects.toThrow(
      expect.objectContaining({
        code: "aws.bad_emit",
        message: expect.stringContaining(`expected ${message}`) as string,
      }),
    );
  });

  it("fails the invocation when its name is reserved", async () => {
    await expect(handle({ event: "disconnect" })).rejects.toThrow(
      expect.objectContaining({ code: "protocol.reserved_event" }),
    );
  });

  it("fails its own message of a queue, and no other", async () => {
    const outcome = await handle({
      Records: [record("1", "no JSON"), record("2", { event: "tick" }), record("3", { event: 3 })],
    });

    expect(outcome).toEqual({ batchItemFailures: [{ itemIdentifier: "1" }, { itemIdentifier: "3" }] });
    expect(received()).toEqual({ ada: ['42["tick"]'], bob: ['42["tick"]'] });
    expect(rig.logs.map(({ level, messageId }) => ({ level, messageId }))).toEqual([
      { level: "error", messageId: "1" },
      { level: "error", messageId: "3" },
    ]);
  });

  it("holds up what is behind it in its group of a FIFO queue", async () => {
    const outcome = await handle({
      Records: [
        record("1", { event: "a1" }, "a"),
        record("2", "no JSON", "a"),
        record("3", { event: "a3" }, "a"),
        record("4", { event: "b1" }, "b"),
      ],
    });

    expect(outcome).toEqual({ batchItemFailures: [{ itemIdentifier: "2" }, { itemIdentifier: "3" }] });
    expect(ada.received).toEqual(['42["a1"]', '42["b1"]']);
  });
});

it("what the gateway refuses fails the invocation", async () => {
  const refused = new AwsError("aws.post_refused", "expected 200, got 403");
  rig.transport.answer(ada.connectionId, Promise.reject(refused));

  await expect(handle({ event: "tick", rooms: "news" })).rejects.toBe(refused);
});
