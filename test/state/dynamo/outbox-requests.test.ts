import { describe, expect, it } from "vitest";
import { ConditionalCheckFailedException } from "@aws-sdk/client-dynamodb";
import { toConnectionId } from "../../../lib/ids.ts";
import { createDynamoStore } from "../../../lib/state/dynamo/dynamo-store.ts";
import { toOutboxItem } from "../../../lib/state/dynamo/items/outbox-item.ts";
import type { Store } from "../../../lib/state/store.ts";
import {
  appendOf,
  beatOf,
  connectionRoute,
  createOwnedClock,
  getOf,
  handshakeOf,
  pollingSessionOf,
  probeOf,
  sidOf,
  START_MS,
} from "../fixtures.ts";
import { createRecordingClient } from "./recording-client.ts";

const sid = sidOf(1);
const ws = toConnectionId("ws=");
const item = toOutboxItem(sid);
const refusal = new ConditionalCheckFailedException({ $metadata: {}, message: "refused" });
const outage = new Error("socket hang up");
const large = "x".repeat(8 * 1024);

type Call = (store: Store) => Promise<unknown>;

const create: Call = (store) =>
  store.createPollingSession(pollingSessionOf(sid), handshakeOf(), beatOf(sid, { route: { kind: "out" } }));
const append: Call = (store) => store.appendOutbox(appendOf(sid, ["2"]));
const close: Call = (store) => store.closeOutbox(sid, ["1"]);
const open: Call = (store) => store.openGet(getOf(sid, "g1"));
const end: Call = (store) => store.endGet(sid, "g1", START_MS);
const probe: Call = (store) => store.startProbe(probeOf(sid, "ws="));
const unprobe: Call = (store) => store.endProbe(sid, ws);
const take: Call = (store) => store.takeOutbox(sid);
const move: Call = (store) => store.moveOutbox(sid, ws);
const upgrade: Call = (store) => store.upgradeSession(sid, ws);
const repair: Call = (store) => store.repairRoute("/", "a", sid, { kind: "out" }, connectionRoute());

/** What one call sends, given the table's answers. */
async function record(call: Call, answers: readonly unknown[] = []) {
  const { client, requests } = createRecordingClient(answers);
  const clock = createOwnedClock();
  const value = await call(createDynamoStore({ client, tableName: "table", clock }));
  return { value, requests, operations: requests.map(({ operation }) => operation), slept: clock.slept };
}

describe("the number of requests about an outbox", () => {
  const read: Call = (store) => store.readOutbox(sid);
  const remove: Call = (store) => store.deleteOutbox(sid);
  const budget: readonly [string, Call, object, string][] = [
    ["createPollingSession", create, {}, "BatchWriteCommand"],
    ["appendOutbox", append, { Attributes: { ...item, frames: ["2"] } }, "UpdateCommand"],
    ["closeOutbox", close, {}, "UpdateCommand"],
    ["readOutbox", read, { Item: item }, "GetCommand"],
    ["openGet", open, { Attributes: item }, "UpdateCommand"],
    ["endGet", end, { Attributes: { ...item, frames: ["2"] } }, "UpdateCommand"],
    ["startProbe", probe, {}, "UpdateCommand"],
    ["endProbe", unprobe, {}, "UpdateCommand"],
    ["takeOutbox", take, { Attributes: { ...item, frames: ["2"] } }, "UpdateCommand"],
    ["moveOutbox", move, {}, "UpdateCommand"],
    ["upgradeSession", upgrade, {}, "UpdateCommand"],
    ["deleteOutbox", remove, {}, "DeleteCommand"],
    ["repairRoute", repair, {}, "UpdateCommand"],
  ];
  it.each(budget)("of %s is one", async (_, call, answer, operation) => {
    expect((await record(call, [answer])).operations).toEqual([operation]);
  });

  it("of endGet is one where the caller has seen that there are many frames, and three where it has not", async () => {
    const frames = Array.from({ length: 17 }, (_, index) => `4${index}`);
    const parked = { ...item, frames, getId: "g1" };
    const seen = await record((store) => store.endGet(sid, "g1", START_MS, frames), [{}]);
    const unseen = await record(end, [refusal, { Item: parked }, {}]);

    expect(seen.operations).toEqual(["UpdateCommand"]);
    expect(unseen.operations).toEqual(["UpdateCommand", "GetCommand", "UpdateCommand"]);
    expect([seen.value, unseen.value]).toEqual(Array(2).fill({ frames: frames.slice(0, 16), closed: false }));
  });

  const refused: readonly [string, Call, unknown][] = [
    ["appendOutbox", append, { outcome: "gone" }],
    ["closeOutbox", close, false],
    ["openGet", open, { outcome: "gone" }],
    ["endGet", end, undefined],
    ["startProbe", probe, "gone"],
    ["endProbe", unprobe, false],
    ["takeOutbox", take, []],
  ];
  it.each(refused)("of %s has a read in it when it is refused", async (_, call, answer) => {
    const { value, operations } = await record(call, [refusal]);

    expect(operations).toEqual(["UpdateCommand", "GetCommand"]);
    expect(value).toEqual(answer);
  });

  it.each([
    ["moveOutbox", move],
    ["upgradeSession", upgrade],
    ["repairRoute", repair],
  ])("of %s is one when it is refused", async (_, call) => {
    const { value, operations } = await record(call, [refusal]);

    expect(operations).toEqual(["UpdateCommand"]);
    expect(value).toBe(false);
  });

  it.each([
    ["endGet", end],
    ["takeOutbox", take],
  ])("of %s is two when more than 8 KB were taken", async (_, call) => {
    const small = await record(call, [{ Attributes: { ...item, frames: [large.slice(1)] } }]);
    const big = await record(call, [{ Attributes: { ...item, frames: [large] } }]);

    expect(small.operations).toEqual(["UpdateCommand"]);
    expect(big.operations).toEqual(["UpdateCommand", "UpdateCommand"]);
    expect(big.requests[1]?.input).toMatchObject({
      UpdateExpression: "SET held = bytes REMOVE taken, takenBy",
    });
  });
});

describe("a polling session's batch", () => {
  it("puts its row, handshake, outbox and beat", async () => {
    const { requests } = await record(create);

    const { RequestItems } = requests[0]?.input as { RequestItems: { table: unknown } };
    expect(RequestItems.table).toMatchObject([
      { PutRequest: { Item: { pk: `s#${sid}`, sk: "0#session", transport: "polling", phase: "open" } } },
      { PutRequest: { Item: { pk: `s#${sid}`, sk: "~handshake" } } },
      { PutRequest: { Item: { pk: `out#${sid}`, sk: "outbox", frames: [], bytes: 0 } } },
      {
        PutRequest: {
          Item: {
            pk: "beat#0000240000#6",
            sk: `0000173589#${sid}`,
            route: "o",
            lastPongAtMs: START_MS,
            expiresAt: 1773489414,
          },
        },
      },
    ]);
  });
});

describe("a refused write whose reason has passed", () => {
  const appended = { Attributes: { ...item, frames: ["2"] } };

  it("is made again, with the same mark, when it was an append", async () => {
    const { value, requests, slept } = await record(append, [refusal, { Item: item }, appended]);

    expect(value).toEqual({ outcome: "appended", lastGetUntilMs: START_MS });
    expect(requests.map(({ operation }) => operation)).toEqual([
      "UpdateCommand",
      "GetCommand",
      "UpdateCommand",
    ]);
    expect(requests[2]?.input).toEqual(requests[0]?.input);
    expect(slept).toEqual([50]);
  });

  it("is given up as full where a large answer stays in the way of an append", async () => {
    const kept = { Item: { ...item, held: 400_000, taken: ["x"], takenBy: "other" } };
    const answers = Array.from({ length: 20 }, (_, index) => (index % 2 === 0 ? refusal : kept));

    const { value, operations } = await record(append, answers);

    expect(value).toEqual({ outcome: "full" });
    expect(operations).toHaveLength(20);
  });

  it.each<[string, Call, unknown]>([
    [
      "an append for a parked GET",
      (store) => store.appendOutbox(appendOf(sid, ["2"], { onlyIfParked: true })),
      { outcome: "unparked" },
    ],
    ["a GET", open, { outcome: "overlap" }],
    ["a probe", probe, "busy"],
  ])("is told as what it was when it was %s", async (_, call, outcome) => {
    const item = { ...toOutboxItem(sid), getId: "g0", getUntilMs: START_MS + 1 };

    expect((await record(call, [refusal, { Item: item }])).value).toEqual(outcome);
  });
});

describe("an outage", () => {
  const calls: readonly [string, Call][] = [
    ["appendOutbox", append],
    ["closeOutbox", close],
    ["openGet", open],
    ["endGet", end],
    ["startProbe", probe],
    ["endProbe", unprobe],
    ["takeOutbox", take],
  ];
  it.each(calls)("is not taken for an answer by %s, nor by its read", async (_, call) => {
    await expect(record(call, [outage])).rejects.toBe(outage);
    await expect(record(call, [refusal, outage])).rejects.toBe(outage);
  });
});
