import { describe, expect, it } from "vitest";
import {
  appendOutboxParams,
  closeOutboxParams,
  dropTakenParams,
  endFullGetParams,
  endGetParams,
  hasAppended,
  openGetParams,
  takeOutboxParams,
} from "../../../lib/state/dynamo/outbox-frames.ts";
import { appendOf, getOf, sidOf, START_MS } from "../fixtures.ts";

const sid = sidOf(1);
const row = { TableName: "table", Key: { pk: "out#szCOXzHB0f5jTgjMgg2V", sk: "outbox" } };
const call = { attempt: "attempt1", nowSeconds: 1773480413 };
const isOpen = "expiresAt > :now AND attribute_not_exists(closed) AND attribute_not_exists(connectionId)";
const append = (
  markedAtMs: number,
  changes: Parameters<typeof appendOf>[2] = {},
  frames: readonly string[] = ['42["é"]', "2"],
) => appendOutboxParams("table", { ...appendOf(sid, frames, changes), ...call, markedAtMs });

describe("appending to an outbox", () => {
  it("adds frames and their bytes, and leaves a mark", () => {
    expect(append(START_MS)).toStrictEqual({
      ...row,
      UpdateExpression:
        "SET frames = list_append(frames, :frames), bytes = bytes + :bytes, held = held + :bytes " +
        "REMOVE marks0 ADD marks2 :marks",
      ConditionExpression:
        `${isOpen} AND bytes < :most AND held <= :mostHeld ` + "AND NOT contains(marks2, :attempt)",
      ExpressionAttributeValues: {
        ":frames": ['42["é"]', "2"],
        ":bytes": 11,
        ":most": 262_144,
        ":mostHeld": 393_205,
        ":attempt": "attempt1",
        ":marks": new Set(["attempt1"]),
        ":now": 1773480413,
      },
      ReturnValues: "ALL_NEW",
    });
  });

  it("closes in the same write when told to", () => {
    const { UpdateExpression, ConditionExpression } = append(START_MS, { closes: true });

    expect(UpdateExpression).toBe(
      "SET frames = list_append(frames, :frames), bytes = bytes + :bytes, held = held + :bytes, " +
        "closed = :attempt REMOVE marks0 ADD marks2 :marks",
    );
    expect(ConditionExpression).toContain(isOpen);
  });

  it("asks for a parked GET when only one should hear", () => {
    const { ConditionExpression, ExpressionAttributeValues } = append(START_MS, { onlyIfParked: true });

    expect(ConditionExpression).toBe(
      `${isOpen} AND bytes < :most AND held <= :mostHeld ` +
        "AND NOT contains(marks2, :attempt) AND getUntilMs > :nowMs",
    );
    expect(ExpressionAttributeValues).toMatchObject({ ":nowMs": START_MS });
  });

  it("leaves no less room than the frames need in the row, whatever the cap", () => {
    const { ExpressionAttributeValues } = append(START_MS, {}, ["x".repeat(199_999)]);

    expect(ExpressionAttributeValues).toMatchObject({ ":most": 185_025, ":mostHeld": 193_216 });
  });

  it("changes sets every 30 seconds, and drops the one before last", () => {
    const setsAt = (ms: number) => {
      const { UpdateExpression = "" } = append(ms);
      return UpdateExpression.slice(UpdateExpression.indexOf("REMOVE"));
    };

    expect(
      [0, 29_999, 30_000, 60_000, 89_999, 90_000].map((offset) => setsAt(1_773_480_420_000 + offset)),
    ).toEqual([
      "REMOVE marks1 ADD marks0 :marks",
      "REMOVE marks1 ADD marks0 :marks",
      "REMOVE marks2 ADD marks1 :marks",
      "REMOVE marks0 ADD marks2 :marks",
      "REMOVE marks0 ADD marks2 :marks",
      "REMOVE marks1 ADD marks0 :marks",
    ]);
  });

  it("is recognised by its mark, in its set", () => {
    expect(hasAppended({ marks2: new Set(["attempt1"]) }, "attempt1", START_MS)).toBe(true);
    expect(hasAppended({ marks2: new Set(["attempt2"]) }, "attempt1", START_MS)).toBe(false);
    expect(hasAppended({ marks0: new Set(["attempt1"]) }, "attempt1", START_MS)).toBe(false);
    expect(hasAppended({}, "attempt1", START_MS)).toBe(false);
  });
});

describe("the flow of an outbox's frames", () => {
  it("ends with a close that names itself", () => {
    expect(closeOutboxParams("table", { ...call, sid, frames: ["41", "1"] })).toStrictEqual({
      ...row,
      UpdateExpression:
        "SET frames = list_append(frames, :frames), bytes = bytes + :bytes, held = held + :bytes, " +
        "closed = :attempt",
      ConditionExpression: isOpen,
      ExpressionAttributeValues: {
        ":frames": ["41", "1"],
        ":bytes": 5,
        ":attempt": "attempt1",
        ":now": 1773480413,
      },
    });
  });

  it("is opened for a GET, which shows that the last one was answered", () => {
    expect(openGetParams("table", { ...getOf(sid, "g1"), nowSeconds: 1773480413 })).toStrictEqual({
      ...row,
      UpdateExpression:
        "SET getId = :id, getUntilMs = :untilMs, lastGetUntilMs = :untilMs, held = bytes " +
        "REMOVE taken, takenBy",
      ConditionExpression:
        "expiresAt > :now AND attribute_not_exists(connectionId) " +
        "AND (attribute_not_exists(getId) OR getUntilMs <= :nowMs OR getId = :id)",
      ExpressionAttributeValues: {
        ":id": "g1",
        ":untilMs": START_MS + 20_000,
        ":nowMs": START_MS,
        ":now": 1773480413,
      },
      ReturnValues: "ALL_NEW",
    });
  });

  it("goes to the GET that is parked, which is released by the same write", () => {
    expect(endGetParams("table", { ...call, sid, id: "g1", nowMs: START_MS })).toStrictEqual({
      ...row,
      UpdateExpression:
        "SET taken = frames, takenBy = :taker, held = bytes, frames = :empty, bytes = :none, " +
        "lastGetUntilMs = :nowMs REMOVE getId, getUntilMs",
      ConditionExpression: "expiresAt > :now AND getId = :id AND size(frames) <= :most",
      ExpressionAttributeValues: {
        ":most": 16,
        ":empty": [],
        ":none": 0,
        ":taker": "attempt1",
        ":id": "g1",
        ":nowMs": START_MS,
        ":now": 1773480413,
      },
      ReturnValues: "ALL_OLD",
    });
  });

  it("goes to a GET by the first frames where there are too many, if these are the first", () => {
    const first = ["2", "4é"];
    expect(endFullGetParams("table", { ...call, sid, id: "g1", nowMs: START_MS, first })).toStrictEqual({
      ...row,
      UpdateExpression:
        "SET taken = :first, takenBy = :taker, held = bytes, bytes = bytes - :bytes, lastGetUntilMs = :nowMs " +
        "REMOVE getId, getUntilMs, frames[1], frames[0]",
      ConditionExpression:
        "expiresAt > :now AND getId = :id AND size(frames) > :most AND frames[0] = :frame0 AND frames[1] = :frame1",
      ExpressionAttributeValues: {
        ":frame0": "2",
        ":frame1": "4é",
        ":first": first,
        ":bytes": 6,
        ":most": 16,
        ":taker": "attempt1",
        ":id": "g1",
        ":nowMs": START_MS,
        ":now": 1773480413,
      },
    });
  });

  it("goes to a WebSocket that takes over, once for each call", () => {
    expect(takeOutboxParams("table", { ...call, sid })).toStrictEqual({
      ...row,
      UpdateExpression: "SET taken = frames, takenBy = :taker, held = bytes, frames = :empty, bytes = :none",
      ConditionExpression: `${isOpen} AND NOT takenBy = :taker`,
      ExpressionAttributeValues: { ":empty": [], ":none": 0, ":taker": "attempt1", ":now": 1773480413 },
      ReturnValues: "ALL_OLD",
    });
  });

  it("lets go of what was taken by the same call", () => {
    expect(dropTakenParams("table", { sid, taker: "attempt1", nowSeconds: 1773480413 })).toStrictEqual({
      ...row,
      UpdateExpression: "SET held = bytes REMOVE taken, takenBy",
      ConditionExpression: "expiresAt > :now AND takenBy = :taker",
      ExpressionAttributeValues: { ":taker": "attempt1", ":now": 1773480413 },
    });
  });
});
