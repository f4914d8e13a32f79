import { describe, expect, it } from "vitest";
import {
  deleteMemberIfRouteParams,
  fromMemberItem,
  listNamespaceMembersParams,
  listRoomMembersParams,
  toNamespaceMemberItem,
  toRoomMemberItem,
} from "../../../../lib/state/dynamo/items/member-item.ts";
import { connectionRoute, memberOf, sidOf } from "../../fixtures.ts";

const sid = sidOf(1);

const heldRoute = { kind: "held" as const, hold: sidOf(2) };

describe("a member's item", () => {
  it("is what it takes to send to it", () => {
    expect(toRoomMemberItem("/chat", "lobby", memberOf(1))).toStrictEqual({
      pk: "room#5:/chat5:lobby",
      sk: "szCOXzHB0f5jTgjMgg2V",
      socketId: "hpifMT9Ylqq64982elBg",
      route: "c:PJqB0fHsqRcCHlw=",
      protocol: 4,
      expiresAt: 1773489414,
    });
    expect(
      toNamespaceMemberItem("/chat", memberOf(1, { route: { kind: "out" }, protocol: 3 })),
    ).toStrictEqual({
      pk: "nsp#5:/chat2",
      sk: "szCOXzHB0f5jTgjMgg2V",
      socketId: "hpifMT9Ylqq64982elBg",
      route: "o",
      protocol: 3,
      expiresAt: 1773489414,
    });
  });

  it("is found on hold by the id of the hold", () => {
    expect(toNamespaceMemberItem("/chat", memberOf(1, { route: heldRoute }))).toMatchObject({
      route: `h:${sidOf(2)}`,
    });
  });

  it("keeps the name of a room that its key has only the digest of", () => {
    expect(toRoomMemberItem("/chat", "x".repeat(201), memberOf(1))).toMatchObject({
      pk: "room#5:/chat#hKBnjJCTf13PmZTVhmZo2muZUQnIrYRUEFWbSKTsr-0",
      room: "x".repeat(201),
    });
  });

  it.each([connectionRoute(), connectionRoute("o"), { kind: "out" as const }, heldRoute])(
    "is read back by %j",
    (route) => {
      const member = memberOf(1, { route });

      expect(fromMemberItem(toRoomMemberItem("/", "a", member))).toStrictEqual(member);
      expect(fromMemberItem(toNamespaceMemberItem("/", member))).toStrictEqual(member);
    },
  );
});

describe("the requests about members", () => {
  it("query a room", () => {
    expect(listRoomMembersParams("table", { nsp: "/chat", room: "lobby" })).toStrictEqual({
      TableName: "table",
      ConsistentRead: true,
      KeyConditionExpression: "pk = :pk",
      ExpressionAttributeValues: { ":pk": "room#5:/chat5:lobby" },
    });
  });

  it("query one shard of a namespace", () => {
    expect(listNamespaceMembersParams("table", { nsp: "/chat", shard: 3, pageLimit: 5 })).toStrictEqual({
      TableName: "table",
      ConsistentRead: true,
      KeyConditionExpression: "pk = :pk",
      ExpressionAttributeValues: { ":pk": "nsp#5:/chat3" },
      Limit: 5,
    });
  });

  it("query a part of either, in pages of a size", () => {
    const part = { range: { from: "A", upTo: "K" }, pageSize: 100 };
    const query = {
      TableName: "table",
      ConsistentRead: true,
      KeyConditionExpression: "pk = :pk AND sk BETWEEN :from AND :to",
      Limit: 100,
    };

    expect(listRoomMembersParams("table", { nsp: "/chat", room: "lobby", part })).toStrictEqual({
      ...query,
      ExpressionAttributeValues: { ":pk": "room#5:/chat5:lobby", ":from": "A", ":to": "K" },
    });
    expect(listNamespaceMembersParams("table", { nsp: "/chat", shard: 3, part })).toStrictEqual({
      ...query,
      ExpressionAttributeValues: { ":pk": "nsp#5:/chat3", ":from": "A", ":to": "K" },
    });
  });

  it("delete a row by the route that failed", () => {
    const row = { nsp: "/chat", room: "lobby", sid, route: connectionRoute(), nowSeconds: 1773480413 };
    const condition = {
      TableName: "table",
      ConditionExpression: "expiresAt > :now AND route = :route",
      ExpressionAttributeValues: { ":route": "c:PJqB0fHsqRcCHlw=", ":now": 1773480413 },
    };

    expect(deleteMemberIfRouteParams("table", row)).toStrictEqual({
      ...condition,
      Key: { pk: "room#5:/chat5:lobby", sk: "szCOXzHB0f5jTgjMgg2V" },
    });
    expect(deleteMemberIfRouteParams("table", { ...row, room: undefined })).toStrictEqual({
      ...condition,
      Key: { pk: "nsp#5:/chat2", sk: "szCOXzHB0f5jTgjMgg2V" },
    });
  });
});
