import type { DynamoDBDocumentClient } from "@aws-sdk/lib-dynamodb";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { createDocumentClient } from "../../../lib/state/dynamo/document-client.ts";
import { createDynamoStore } from "../../../lib/state/dynamo/dynamo-store.ts";
import { createSdkTableClient } from "../../../lib/state/dynamo/sdk-table-client.ts";
import type { LiveWrite } from "../../../lib/state/live/live-store.ts";
import type { Store } from "../../../lib/state/store.ts";
import { localCredentials, localRegion, startDynalite, type Dynalite } from "../../support/dynalite.ts";
import { createOwnedClock } from "../fixtures.ts";

/** The request is done, others change the row, and then the SDK sends the request again. */
describe("a change of a live value whose answer was lost", () => {
  let dynalite: Dynalite;
  let client: DynamoDBDocumentClient;
  let store: Store;
  /** What others do behind the next transaction, which then loses its answer. */
  let meanwhile: (() => Promise<unknown>) | undefined;

  beforeAll(async () => {
    dynalite = await startDynalite();
    client = createDocumentClient(
      { AWS_REGION: localRegion, AWS_ENDPOINT_URL_DYNAMODB: dynalite.endpoint },
      { credentials: localCredentials },
    );
    client.middlewareStack.add(
      (next, { commandName = "" }) =>
        async (args) => {
          const answer = await next(args);
          const others = meanwhile;
          if (others === undefined || !commandName.startsWith("Transact")) return answer;
          meanwhile = undefined;
          await others();
          throw Object.assign(new Error("socket hang up"), { name: "TimeoutError", code: "ECONNRESET" });
        },
      { step: "finalizeRequest", priority: "low", name: "loseAnswer" },
    );
  });
  afterAll(async () => {
    client.destroy();
    await dynalite.stop();
  });
  beforeEach(async () => {
    const tableName = await dynalite.createTable();
    store = createDynamoStore({ client: createSdkTableClient(client), tableName, clock: createOwnedClock() });
    await commit("first", {
      kind: "put",
      name: "count",
      key: undefined,
      previous: undefined,
      entry: { text: "1", rank: 0 },
    });
  });

  const commit = (version: string, write: LiveWrite) =>
    store.commitLive({ version, writes: [write], strokes: [], sockets: [] });
  const add = (version: string) => commit(version, { kind: "add", name: "count", key: undefined, by: 1 });
  const text = async () => (await store.listLive())[0]?.text;

  it("adds once", async () => {
    meanwhile = () => add("other");

    expect(await add("mine")).toBeUndefined();
    expect(await text()).toBe("3");
  });

  it("is done, though the row has changed by the time at which it comes again", async () => {
    const put = (version: string, previous: string, to: string) =>
      commit(version, { kind: "put", name: "count", key: undefined, previous, entry: { text: to, rank: 0 } });
    meanwhile = () => put("other", "mine", '"theirs"');

    expect(await put("mine", "first", '"mine"')).toBeUndefined();
    expect(await text()).toBe('"theirs"');
  });
});
