import { describe, expect, it } from "vitest";
import {
  fromLogItems,
  getLogParams,
  listLogParams,
  toLogEndItem,
  toLogItem,
} from "../../../../lib/state/dynamo/items/log-item.ts";
import { firstOffset } from "../../../../lib/ids.ts";
import { offsetOf, packetOf, START_MS } from "../../fixtures.ts";

const end = { doneAtMs: START_MS, expiresAtSeconds: 1773480534 };

describe("a packet's items", () => {
  it("are the packet, and behind it the time of its end", () => {
    const packet = packetOf(1, {
      nsp: "/chat",
      messages: ["2", new Uint8Array([1])],
      except: ["red"],
      doneAtMs: 1,
    });

    expect(toLogItem(packet, 1773480534)).toStrictEqual({
      pk: "log#5:/chat5:lobby",
      sk: "0mmq4g51y-0000-00000001",
      messages: ["2", new Uint8Array([1])],
      except: ["red"],
      expiresAt: 1773480534,
    });
    expect(toLogEndItem(packet, end)).toStrictEqual({
      pk: "log#5:/chat5:lobby",
      sk: "0mmq4g51y-0000-00000001~",
      doneAtMs: START_MS,
      expiresAt: 1773480534,
    });
  });

  it.each([undefined, "", "*", "lobby", "x".repeat(201)])("are read back together, of room %j", (room) => {
    const [first, second] = [packetOf(1, { room }), packetOf(2, { room })];
    const items = [
      toLogEndItem(packetOf(0, { room }), end),
      toLogItem(first, 1773480534),
      toLogItem(second, 1773480534),
      toLogEndItem(second, end),
    ];

    expect(fromLogItems(items)).toStrictEqual([first, { ...second, doneAtMs: START_MS }]);
  });

  it("have a mark for everyone where no room can be, and the digest of a long room", () => {
    expect(toLogItem(packetOf(1, { room: undefined }), 1)).toMatchObject({ pk: "log#1:/*" });
    expect(toLogItem(packetOf(1, { room: "*" }), 1)).toMatchObject({ pk: "log#1:/1:*" });
    expect(toLogItem(packetOf(1, { room: "x".repeat(201) }), 1)).toMatchObject({
      pk: "log#1:/#hKBnjJCTf13PmZTVhmZo2muZUQnIrYRUEFWbSKTsr-0",
      room: "x".repeat(201),
    });
  });
});

describe("the request for a log", () => {
  it.each([
    [offsetOf(1), "0mmq4g51y-0000-00000001"],
    [firstOffset(START_MS), "0mmq4g51x-"],
  ])("queries a room from %s on", (from, since) => {
    expect(listLogParams("table", { nsp: "/", room: undefined, from, pageLimit: 5 })).toStrictEqual({
      TableName: "table",
      ConsistentRead: true,
      KeyConditionExpression: "pk = :pk AND sk >= :since",
      ExpressionAttributeValues: { ":pk": "log#1:/*", ":since": since },
      Limit: 5,
    });
  });

  it("asks for pages not much longer than the part that is wanted", () => {
    const bound = { above: offsetOf(1), packets: 200, bytes: 1_000 };

    expect(listLogParams("table", { nsp: "/", room: "a", from: offsetOf(1), bound })).toMatchObject({
      Limit: 800,
    });
  });

  it("asks for a packet by its key alone", () => {
    expect(getLogParams("table", packetOf(1))).toStrictEqual({
      TableName: "table",
      Key: { pk: "log#1:/5:lobby", sk: "0mmq4g51y-0000-00000001" },
      ConsistentRead: true,
      ProjectionExpression: "expiresAt",
    });
  });
});
