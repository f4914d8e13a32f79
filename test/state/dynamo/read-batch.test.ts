import { expect, it } from "vitest";
import { readBatch } from "../../../lib/state/dynamo/read-batch.ts";
import { createRecordingClient } from "./recording-client.ts";

const keyOf = (sk: string) => ({ pk: "p", sk });

it("reads by itself what a batch has left out, and gives all in the order asked for", async () => {
  const Responses = {
    table: [
      { ...keyOf("3"), a: 3 },
      { ...keyOf("1"), a: 1 },
    ],
  };
  const UnprocessedKeys = { table: { Keys: [keyOf("2"), keyOf("4")] } };
  const { client, requests } = createRecordingClient([
    { Responses, UnprocessedKeys },
    { Item: { ...keyOf("2"), a: 2 } },
    {},
  ]);

  const rows = await readBatch(client, "table", ["1", "2", "3", "1", "4"].map(keyOf));

  expect(rows.map((row) => row?.["a"])).toEqual([1, 2, 3, 1, undefined]);
  expect(requests.map(({ input }) => input)).toEqual([
    { RequestItems: { table: { Keys: ["1", "2", "3", "4"].map(keyOf), ConsistentRead: true } } },
    { TableName: "table", Key: keyOf("2"), ConsistentRead: true },
    { TableName: "table", Key: keyOf("4"), ConsistentRead: true },
  ]);
});
