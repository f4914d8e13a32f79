import { describe, expect, it } from "vitest";
import { ConditionalCheckFailedException } from "@aws-sdk/client-dynamodb";
import { toConnectionId, type Pid } from "../../../lib/ids.ts";
import { createDynamoStore } from "../../../lib/state/dynamo/dynamo-store.ts";
import { NEVER_SECONDS } from "../../../lib/state/expiry.ts";
import type { Store } from "../../../lib/state/store.ts";
import {
  answerOf,
  beatOf,
  collect,
  connectionRoute,
  connectOf,
  createOwnedClock,
  handshakeOf,
  memberOf,
  offsetOf,
  packetOf,
  questionOf,
  sessionOf,
  sidOf,
  socketIdOf,
  START_MS,
  sweepOf,
} from "../fixtures.ts";
import { createRecordingClient } from "./recording-client.ts";

const sid = sidOf(1);
const socketId = socketIdOf(1);
const roomsOf = (count: number) => Array.from({ length: count }, (_, index) => `room ${index}`);
const refusal = new ConditionalCheckFailedException({
  $metadata: {},
  message: "The conditional request failed",
});
const pid = "p".repeat(20) as Pid;
const connectionId = toConnectionId("ws=");
const lease = { sid, holder: "a", nowMs: START_MS, untilMs: START_MS + 5000 };
const place = { map: "users", key: "ann" };
const entry = { value: { kind: "json", text: "{}" }, expiresAtSeconds: NEVER_SECONDS } as const;
const changes = { set: { a: "1" }, remove: ["b"], spent: ["c"] };
const close = { sid, reason: "ping timeout", nowMs: START_MS, leaseUntilMs: START_MS + 30_000 } as const;

/** What one call sends, given the table's answers. */
async function record(call: (store: Store) => Promise<unknown>, answers: readonly unknown[] = []) {
  const { client, requests } = createRecordingClient(answers);
  const value = await call(createDynamoStore({ client, tableName: "table", clock: createOwnedClock() }));
  return { value, requests, operations: requests.map(({ operation }) => operation) };
}

describe("the number of requests", () => {
  const budget: readonly [string, (store: Store) => Promise<unknown>, readonly string[]][] = [
    ["createSession", (store) => store.createSession(sessionOf(sid), handshakeOf()), ["BatchWriteCommand"]],
    ["loadSession", (store) => store.loadSession(sid, { handshake: false }), ["QueryCommand"]],
    ["loadSession, handshake", (store) => store.loadSession(sid, { handshake: true }), ["QueryCommand"]],
    ["severSession", (store) => store.severSession(sid), ["UpdateCommand"]],
    ["finishClose", (store) => store.finishClose(sid), ["UpdateCommand"]],
    ["noteRemoved", (store) => store.noteRemoved(sid, "x"), ["UpdateCommand"]],
    ["savePending", (store) => store.savePending(sid, { header: "51-", parts: [] }), ["PutCommand"]],
    ["deletePending", (store) => store.deletePending(sid), ["DeleteCommand"]],
    ["connectSocket", (store) => store.connectSocket(connectOf(1)), ["BatchWriteCommand"]],
    [
      "connectSocket, 10 rooms",
      (store) => store.connectSocket(connectOf(1, "/", roomsOf(10))),
      ["BatchWriteCommand"],
    ],
    [
      "connectSocket, 11 rooms",
      (store) => store.connectSocket(connectOf(1, "/", roomsOf(11))),
      ["BatchWriteCommand", "BatchWriteCommand"],
    ],
    [
      "disconnectSocket",
      (store) => store.disconnectSocket(sid, "/", socketId, roomsOf(10)),
      ["BatchWriteCommand"],
    ],
    ["joinRooms", (store) => store.joinRooms("/", memberOf(1), ["a"]), ["BatchWriteCommand"]],
    ["joinRooms, 12 rooms", (store) => store.joinRooms("/", memberOf(1), roomsOf(12)), ["BatchWriteCommand"]],
    ["joinRooms, none", (store) => store.joinRooms("/", memberOf(1), []), []],
    ["leaveRooms", (store) => store.leaveRooms("/", sid, ["a"]), ["BatchWriteCommand"]],
    [
      "deleteMemberIfRoute",
      (store) => store.deleteMemberIfRoute("/", "a", sid, connectionRoute()),
      ["DeleteCommand"],
    ],
    ["saveSocket", (store) => store.saveSocket(sid, "/", socketId, changes), ["UpdateCommand"]],
    ["listRoomMembers", (store) => collect(store.listRoomMembers("/", "a")), ["QueryCommand"]],
    ["openBeat", (store) => store.openBeat(beatOf(sid)), ["UpdateCommand"]],
    ["recordPong", (store) => store.recordPong(sid, 240_000, START_MS), ["UpdateCommand"]],
    ["getBeat", (store) => store.getBeat(sid, 240_000), ["GetCommand"]],
    ["deleteBeat", (store) => store.deleteBeat(sid, 240_000), ["DeleteCommand"]],
    ["listBeats, long", (store) => collect(store.listBeats(25_000, 0, 9)), Array(8).fill("QueryCommand")],
    ["listBeats, short", (store) => collect(store.listBeats(24_999, 0, 9)), ["QueryCommand"]],
    ["listBeats, nothing", (store) => collect(store.listBeats(25_000, 9, 9)), []],
    ["hasBeats, long", (store) => store.hasBeats(25_000), Array(8).fill("QueryCommand")],
    ["hasBeats, short", (store) => store.hasBeats(24_999), ["QueryCommand"]],
    ["listSweeps", (store) => store.listSweeps(), ["QueryCommand"]],
    ["saveSweep", (store) => store.saveSweep(sweepOf(), undefined), ["PutCommand"]],
    ["deleteSweep", (store) => store.deleteSweep(240_000), ["DeleteCommand"]],
    ["expectAnswers", (store) => store.expectAnswers(questionOf([1, 2])), ["BatchWriteCommand"]],
    [
      "expectAnswers, 26 sessions",
      (store) => store.expectAnswers(questionOf(roomsOf(26).map((_, index) => index))),
      ["BatchWriteCommand", "BatchWriteCommand"],
    ],
    ["saveAnswer", (store) => store.saveAnswer(answerOf(1, [])), ["UpdateCommand"]],
    ["listAnswers", (store) => store.listAnswers(7), ["QueryCommand"]],
    ["getPid", (store) => store.getPid(pid), ["GetCommand"]],
    ["movePid", (store) => store.movePid(pid, sid, sidOf(2)), ["UpdateCommand"]],
    ["appendLog", (store) => store.appendLog([packetOf(1), packetOf(2)], 1), ["BatchWriteCommand"]],
    ["appendLog, none", (store) => store.appendLog([], 1), []],
    ["markLogDone", (store) => store.markLogDone([packetOf(1), packetOf(2)], 1, 1), ["BatchWriteCommand"]],
    ["listLog", (store) => store.listLog("/", "lobby", offsetOf(1)), ["QueryCommand"]],
    ["isLogged", (store) => store.isLogged(packetOf(1)), ["GetCommand"]],
    ["createHold", (store) => store.createHold(sid, connectionId), ["BatchWriteCommand"]],
    [
      "reservePosts, behind others",
      (store) => store.reservePosts({ durationMs: 5, nowMs: START_MS }),
      ["UpdateCommand"],
    ],
    ["cutPace", (store) => store.cutPace({ pace: 7_000, atMs: START_MS }, START_MS), ["UpdateCommand"]],
    ["takeLease", (store) => store.takeLease(lease), ["UpdateCommand"]],
    ["endLease", (store) => store.endLease(sid, "a"), ["UpdateCommand"]],
    [
      "connectSocket, with a private id and a parent",
      (store) => store.connectSocket(connectOf(1, "/", roomsOf(9), { pid, parent: "/" })),
      ["BatchWriteCommand"],
    ],
    ["listChildNamespaces", (store) => store.listChildNamespaces("/"), ["QueryCommand"]],
    ["getShared", (store) => store.getShared(place), ["GetCommand"]],
    ["getManyShared, one", (store) => store.getManyShared([place]), ["GetCommand"]],
    [
      "getManyShared, two",
      (store) => store.getManyShared([place, { ...place, key: "b" }]),
      ["BatchGetCommand"],
    ],
    ["putShared", (store) => store.putShared(place, entry), ["PutCommand"]],
    ["replaceShared", (store) => store.replaceShared(place, undefined, entry), ["PutCommand"]],
    ["deleteShared", (store) => store.deleteShared(place), ["DeleteCommand"]],
    ["deleteManyShared", (store) => store.deleteManyShared("users", roomsOf(25)), ["BatchWriteCommand"]],
    ["listShared", (store) => store.listShared("users", {}), ["QueryCommand"]],
    ["listShared, nothing", (store) => store.listShared("users", { from: "b", to: "a" }), []],
    ["countShared", (store) => store.countShared("users", {}), ["QueryCommand"]],
    ["noteOwned", (store) => store.noteOwned({ sid, socketId }, place), ["BatchWriteCommand"]],
    [
      "deleteOwned",
      (store) => store.deleteOwned({ sid, socketId }, [place]),
      ["DeleteCommand", "BatchWriteCommand"],
    ],
    ["isChildNamespace", (store) => store.isChildNamespace("/", "/a"), ["GetCommand"]],
    ["forgetChild", (store) => store.forgetChild("/", "/a", 0), ["DeleteCommand"]],
    ["saveDeployment", (store) => store.saveDeployment({ savedAtMs: START_MS }), ["PutCommand"]],
    ["countPoller", (store) => store.countPoller(7), ["UpdateCommand", "GetCommand"]],
    ["getDeployment", (store) => store.getDeployment(), ["GetCommand"]],
  ];
  it.each(budget)("of %s is what the budget says", async (_, call, operations) => {
    expect((await record(call)).operations).toEqual(operations);
  });

  it("of addShared is one", async () => {
    const { value, operations } = await record(
      (store) => store.addShared(place, 2),
      [{ Attributes: { amount: 7, marks: ["a1b2c3d4+2"] } }],
    );

    expect(value).toBe(7);
    expect(operations).toEqual(["UpdateCommand"]);
  });

  it("of addShared is two when it has noted as many calls as it keeps", async () => {
    const marks = Array.from({ length: 64 }, () => "a1b2c3d4+2");

    const { operations } = await record(
      (store) => store.addShared(place, 2),
      [{ Attributes: { amount: 7, marks } }, {}],
    );

    expect(operations).toEqual(["UpdateCommand", "UpdateCommand"]);
  });

  it("of beginClose is one", async () => {
    const item = { pk: `s#${sid}`, sk: "0#session", closeReason: "transport close" };

    const { value, operations } = await record((store) => store.beginClose(close), [{ Attributes: item }]);

    expect(value).toEqual({ outcome: "begun", reason: "transport close" });
    expect(operations).toEqual(["UpdateCommand"]);
  });

  it.each([0, 1, 23, 24, 48, 49])("of a close in %i rooms is one for each 25 rows", async (rooms) => {
    const sockets = [{ nsp: "/", socketId, rooms: roomsOf(rooms) }];

    const { operations } = await record((store) => store.deleteMemberships(sid, sockets));

    expect(operations).toEqual(Array(Math.ceil((rooms + 2) / 25)).fill("BatchWriteCommand"));
  });

  it("of everyone in a namespace is one a shard, and none before it is read", async () => {
    const { requests } = await record(async (store) => store.listNamespaceMembers("/"));
    const read = await record(async (store) => Promise.all(store.listNamespaceMembers("/").map(collect)));

    expect(requests).toEqual([]);
    expect(read.operations).toEqual(Array(4).fill("QueryCommand"));
  });

  it("has a read in it only where a refused write leaves the reason open", async () => {
    const pong = await record((store) => store.recordPong(sid, 240_000, START_MS), [refusal]);
    const begin = await record((store) => store.beginClose(close), [refusal]);

    expect(pong.operations).toEqual(["UpdateCommand", "GetCommand"]);
    expect(pong.value).toBe(false);
    expect(begin.operations).toEqual(["UpdateCommand", "GetCommand"]);
    expect(begin.value).toEqual({ outcome: "over" });

    const end = await record((store) => store.endLease(sid, "a"), [refusal]);
    expect(end.operations).toEqual(["UpdateCommand", "GetCommand"]);
    expect(end.value).toBe(false);
  });
});

describe("the batches", () => {
  const rowsOf = (input: unknown) => (input as { RequestItems: { table: unknown[] } }).RequestItems.table;

  it("create a session with its handshake", async () => {
    const { requests } = await record((store) => store.createSession(sessionOf(sid), handshakeOf()));

    expect(rowsOf(requests[0]?.input)).toStrictEqual([
      {
        PutRequest: {
          Item: {
            pk: "s#szCOXzHB0f5jTgjMgg2V",
            sk: "0#session",
            protocol: 4,
            transport: "websocket",
            connectionId: "PJqB0fHsqRcCHlw=",
            pingIntervalMs: 240_000,
            pingTimeoutMs: 120_000,
            phase: "open",
            expiresAt: 1773489414,
          },
        },
      },
      {
        PutRequest: {
          Item: {
            pk: "s#szCOXzHB0f5jTgjMgg2V",
            sk: "~handshake",
            json:
              '{"headers":{"host":"chat.example","user-agent":"test"},"query":{"EIO":"4","transport":"websocket"},' +
              '"address":"192.0.2.7","secure":true,"xdomain":false,"url":"/socket.io/?EIO=4&transport=websocket",' +
              '"issuedAtMs":1773480413589}',
            expiresAt: 1773489414,
          },
        },
      },
    ]);
  });

  it("connect a socket with what it may be found by: before its memberships", async () => {
    const { requests } = await record((store) =>
      store.connectSocket(connectOf(1, "/chat", [], { pid, parent: "/" })),
    );

    const keys = (rowsOf(requests[0]?.input) as { PutRequest: { Item: { pk: string } } }[]).map(
      ({ PutRequest }) => PutRequest.Item.pk.split("#")[0],
    );
    expect(keys).toEqual(["s", "s", "pid", "children", "nsp", "room"]);
    expect(rowsOf(requests[0]?.input).slice(2, 4)).toStrictEqual(
      [
        {
          pk: "pid#pppppppppppppppppppp",
          sk: "pid",
          nsp: "/chat",
          socketId: "hpifMT9Ylqq64982elBg",
          sid: "szCOXzHB0f5jTgjMgg2V",
          expiresAt: 1773489414,
        },
        { pk: "children#1:/", sk: "5:/chat", expiresAt: 1773489414 },
      ].map((Item) => ({ PutRequest: { Item } })),
    );
  });

  const member = {
    socketId: "hpifMT9Ylqq64982elBg",
    route: "c:PJqB0fHsqRcCHlw=",
    protocol: 4,
    expiresAt: 1773489414,
  };

  it("connect a socket: what the session knows first, its memberships last", async () => {
    const { requests } = await record((store) => store.connectSocket(connectOf(1, "/chat", ["lobby"])));

    expect(rowsOf(requests[0]?.input)).toStrictEqual(
      [
        {
          pk: "s#szCOXzHB0f5jTgjMgg2V",
          sk: "2#socket#5:/chat",
          socketId: "hpifMT9Ylqq64982elBg",
          connectedAtMs: START_MS,
          data: {},
          expiresAt: 1773489414,
        },
        {
          pk: "s#szCOXzHB0f5jTgjMgg2V",
          sk: "~auth#5:/chat",
          socketId: "hpifMT9Ylqq64982elBg",
          json: '{"token":"t"}',
          expiresAt: 1773489414,
        },
        { pk: "nsp#5:/chat2", sk: "szCOXzHB0f5jTgjMgg2V", ...member },
        { pk: "s#szCOXzHB0f5jTgjMgg2V", sk: "3#joined#5:/chat5:lobby", expiresAt: 1773489414 },
        { pk: "room#5:/chat5:lobby", sk: "szCOXzHB0f5jTgjMgg2V", ...member },
        { pk: "room#5:/chat20:hpifMT9Ylqq64982elBg", sk: "szCOXzHB0f5jTgjMgg2V", ...member },
      ].map((Item) => ({ PutRequest: { Item } })),
    );
  });

  it("disconnect a socket: its memberships first, what the session knows last", async () => {
    const { requests } = await record((store) => store.disconnectSocket(sid, "/chat", socketId, ["lobby"]));

    expect(rowsOf(requests[0]?.input)).toStrictEqual(
      [
        { pk: "room#5:/chat5:lobby", sk: "szCOXzHB0f5jTgjMgg2V" },
        { pk: "room#5:/chat20:hpifMT9Ylqq64982elBg", sk: "szCOXzHB0f5jTgjMgg2V" },
        { pk: "nsp#5:/chat2", sk: "szCOXzHB0f5jTgjMgg2V" },
        { pk: "s#szCOXzHB0f5jTgjMgg2V", sk: "3#joined#5:/chat5:lobby" },
        { pk: "s#szCOXzHB0f5jTgjMgg2V", sk: "~auth#5:/chat" },
        { pk: "s#szCOXzHB0f5jTgjMgg2V", sk: "2#socket#5:/chat" },
      ].map((Key) => ({ DeleteRequest: { Key } })),
    );
  });

  it("join and leave a room from both sides, the session's first in and last out", async () => {
    const joined = { pk: "s#szCOXzHB0f5jTgjMgg2V", sk: "3#joined#1:/1:a" };
    const room = { pk: "room#1:/1:a", sk: "szCOXzHB0f5jTgjMgg2V" };

    const join = await record((store) => store.joinRooms("/", memberOf(1), ["a"]));
    const leave = await record((store) => store.leaveRooms("/", sid, ["a"]));

    expect(rowsOf(join.requests[0]?.input)).toStrictEqual([
      { PutRequest: { Item: { ...joined, expiresAt: 1773489414 } } },
      { PutRequest: { Item: { ...room, ...member } } },
    ]);
    expect(rowsOf(leave.requests[0]?.input)).toStrictEqual([
      { DeleteRequest: { Key: room } },
      { DeleteRequest: { Key: joined } },
    ]);
  });
});

describe("failures", () => {
  const outage = new Error("socket hang up");
  const conditional: readonly [string, (store: Store) => Promise<unknown>][] = [
    ["severSession", (store) => store.severSession(sid)],
    ["finishClose", (store) => store.finishClose(sid)],
    ["deleteMemberIfRoute", (store) => store.deleteMemberIfRoute("/", "a", sid, connectionRoute())],
    ["saveSocket", (store) => store.saveSocket(sid, "/", socketId, changes)],
    ["saveSweep", (store) => store.saveSweep(sweepOf(), undefined)],
    ["saveAnswer", (store) => store.saveAnswer(answerOf(1, []))],
    ["movePid", (store) => store.movePid(pid, sid, sidOf(2))],
    ["takeLease", (store) => store.takeLease(lease)],
    ["endLease", (store) => store.endLease(sid, "a")],
  ];
  it.each(conditional)(
    "make %s false when its condition does not hold, and throw otherwise",
    async (_, call) => {
      expect((await record(call, [refusal])).value).toBe(false);
      await expect(record(call, [outage])).rejects.toBe(outage);
    },
  );

  it("are not taken for an answer by beginClose or recordPong", async () => {
    await expect(record((store) => store.beginClose(close), [outage])).rejects.toBe(outage);
    await expect(record((store) => store.beginClose(close), [refusal, outage])).rejects.toBe(outage);
    await expect(record((store) => store.recordPong(sid, 240_000, START_MS), [outage])).rejects.toBe(outage);
  });
});

describe("pages", () => {
  it("are read on from the last key, past one that is empty", async () => {
    const expiresAt = 1773489414;
    const item = (sk: string) => ({ pk: "room#1:/1:a", sk, socketId, route: "o", protocol: 4, expiresAt });
    const lastKey = { pk: "room#1:/1:a", sk: "cut" };
    const answers = [
      { Items: [item(sidOf(1))], LastEvaluatedKey: lastKey },
      { Items: [], LastEvaluatedKey: lastKey },
      { Items: [item(sidOf(2))] },
    ];

    const { value, requests } = await record((store) => collect(store.listRoomMembers("/", "a")), answers);

    expect(value).toMatchObject([{ sid: sidOf(1) }, { sid: sidOf(2) }]);
    expect(requests.map(({ input }) => (input as { ExclusiveStartKey?: unknown }).ExclusiveStartKey)).toEqual(
      [undefined, lastKey, lastKey],
    );
  });
});
