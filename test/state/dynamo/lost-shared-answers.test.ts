import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { AwsClient } from "../../../lib/requests/aws-client.ts";
import type { Exchange } from "../../../lib/requests/connections.ts";
import { createDynamoStore } from "../../../lib/state/dynamo/dynamo-store.ts";
import { createTableClient } from "../../../lib/state/dynamo/table-client.ts";
import { NEVER_SECONDS } from "../../../lib/state/expiry.ts";
import type { Store } from "../../../lib/state/store.ts";
import { localCredentials, localRegion, startDynalite, type Dynalite } from "../../support/dynalite.ts";
import { createOwnedClock } from "../fixtures.ts";

/** The request is done, others change the entry, and then the client sends the request again. */
describe("a change of a shared map whose answer was lost", () => {
  const place = { map: "users", key: "ann" };
  const number = (value: number) =>
    ({ value: { kind: "number", number: value }, expiresAtSeconds: NEVER_SECONDS }) as const;
  let dynalite: Dynalite;
  let client: AwsClient;
  let store: Store;
  /** What others do after the write of that number from now on, which then loses its answer. */
  let plan: { writesToGo: number; readonly meanwhile: () => Promise<unknown> } | undefined;
  let lost = 0;

  beforeAll(async () => {
    dynalite = await startDynalite();
    const intercept =
      (exchange: Exchange): Exchange =>
      async (head, body) => {
        const answer = await exchange(head, body);
        const isWrite = answer.status === 200 && /DynamoDB_20120810\.(Put|Update|Delete)/.test(head);
        if (plan === undefined || !isWrite || --plan.writesToGo > 0) return answer;
        const { meanwhile } = plan;
        plan = undefined;
        lost++;
        await meanwhile();
        throw Object.assign(new Error("socket hang up"), { code: "ECONNRESET" });
      };
    client = createTableClient(
      { AWS_REGION: localRegion, AWS_ENDPOINT_URL_DYNAMODB: dynalite.endpoint },
      { credentials: localCredentials, intercept },
    );
  });
  afterAll(async () => {
    client.destroy();
    await dynalite.stop();
  });
  beforeEach(async () => {
    const tableName = await dynalite.createTable();
    store = createDynamoStore({ client, tableName, clock: createOwnedClock() });
    plan = undefined;
    lost = 0;
  });

  const losing = async (
    call: () => Promise<unknown>,
    meanwhile: () => Promise<unknown> = () => Promise.resolve(),
    writesToGo = 1,
  ) => {
    plan = { writesToGo, meanwhile };
    const answer = await call();
    expect(lost).toBe(1);
    return answer;
  };
  const sum = async () => (await store.getShared(place))?.value;

  it("is not put over what came after it", async () => {
    await losing(
      () => store.putShared(place, number(1)),
      () => store.addShared(place, 10),
    );

    expect(await sum()).toEqual({ kind: "number", number: 11 });
  });

  it("replaces once, and says that it did, also when somebody has added since", async () => {
    await store.putShared(place, number(1));
    const first = await store.getShared(place);

    const replaced = await losing(
      () => store.replaceShared(place, first, number(5)),
      () => store.addShared(place, 10),
    );

    expect(replaced).toBe(true);
    expect(await sum()).toEqual({ kind: "number", number: 15 });
  });

  it("adds once, and says what the sum was then", async () => {
    await store.addShared(place, 1);

    const added = await losing(
      () => store.addShared(place, 2),
      async () => {
        await store.addShared(place, 100);
        await store.replaceShared(place, await store.getShared(place), number(7));
        await store.addShared(place, 3);
      },
    );

    expect(added).toBe(3);
    expect(await sum()).toEqual({ kind: "number", number: 10 });
  });

  it("is done again where it does not look at what is there: a put over a put, and a delete", async () => {
    const putByAnother = () => store.putShared(place, number(2));

    await losing(() => store.putShared(place, number(1)), putByAnother);
    expect(await sum()).toEqual({ kind: "number", number: 1 });

    lost = 0;
    expect(await losing(() => store.deleteShared(place), putByAnother)).toBe(true);
    expect(await sum()).toBeUndefined();
  });

  it("replaces and removes nothing but what it has looked at", async () => {
    await store.putShared(place, number(1));
    const first = await store.getShared(place);

    const removed = await losing(
      () => store.replaceShared(place, first, undefined),
      () => store.putShared(place, number(2)),
    );

    expect(removed).toBe(false);
    expect(await sum()).toEqual({ kind: "number", number: 2 });
  });

  it("adds once to what had expired", async () => {
    await store.putShared(place, { ...number(1), expiresAtSeconds: 1 });

    // The addition is refused, for it must not add to what has expired; the put after it loses its answer.
    const added = await losing(
      () => store.addShared(place, 2),
      () => store.addShared(place, 5),
    );

    expect(added).toBe(2);
    expect(await sum()).toEqual({ kind: "number", number: 7 });
  });

  it("drops the marks of old calls once", async () => {
    for (let n = 0; n < 63; n++) await store.addShared(place, 1);

    await losing(() => store.addShared(place, 1), undefined, 2);

    expect((await store.getShared(place))?.marks).toHaveLength(32);
    expect(await sum()).toEqual({ kind: "number", number: 64 });
  });
});
