import { TransactionCanceledException } from "@aws-sdk/client-dynamodb";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { AwsClient } from "../../../lib/requests/aws-client.ts";
import { createDynamoStore } from "../../../lib/state/dynamo/dynamo-store.ts";
import { transact } from "../../../lib/state/dynamo/transact.ts";
import { startDynalite, type Dynalite } from "../../support/dynalite.ts";
import { createOwnedClock, memberOf, sidOf } from "../fixtures.ts";
import { createRepeatingClient } from "./repeating-client.ts";

const canceled = (...codes: string[]) =>
  new TransactionCanceledException({
    message: "canceled",
    $metadata: {},
    CancellationReasons: codes.map((Code) => ({ Code })),
  });

/** A client that answers with these errors, one after the other, and then that it is done. */
function failing(...errors: readonly Error[]) {
  const tokens: unknown[] = [];
  const left = [...errors];
  const send = async ({ input }: { readonly input: { readonly ClientRequestToken?: string } }) => {
    tokens.push(input.ClientRequestToken);
    const error = left.shift();
    if (error !== undefined) throw error;
    return {};
  };
  return { client: { send } as unknown as AwsClient, tokens };
}

describe("a transaction", () => {
  it("says whose condition did not hold", async () => {
    const { client } = failing(canceled("None", "ConditionalCheckFailed"));

    expect(await transact({ client, clock: createOwnedClock(), random: () => 1 }, [], "t")).toEqual([
      true,
      false,
    ]);
  });

  it("is sent again under its token after others were at its rows, later each time", async () => {
    const clock = createOwnedClock();
    const { client, tokens } = failing(
      canceled("TransactionConflict", "None"),
      canceled("None", "ThrottlingError"),
    );

    expect(await transact({ client, clock, random: () => 1 }, [], "t")).toBeUndefined();
    expect(tokens).toEqual(["t", "t", "t"]);
    expect(clock.slept).toEqual([10, 20]);
  });

  it("is given up on after sixteen conflicts, and at once where the table is out of reach", async () => {
    const conflicts = failing(...Array.from({ length: 20 }, () => canceled("TransactionConflict")));
    const outage = failing(new Error("unreachable"));
    const context = { clock: createOwnedClock(), random: () => 1 };

    await expect(transact({ ...context, client: conflicts.client }, [], "t")).rejects.toThrow("canceled");
    await expect(transact({ ...context, client: outage.client }, [], "t")).rejects.toThrow("unreachable");
    expect([conflicts.tokens.length, outage.tokens.length]).toEqual([16, 1]);
  });
});

describe("a lost answer", () => {
  let dynalite: Dynalite;
  beforeAll(async () => void (dynalite = await startDynalite()));
  afterAll(() => dynalite.stop());

  it("is given again: who made a room, and who emptied it", async () => {
    const { client, repeatNext, repeated } = createRepeatingClient(dynalite.endpoint);
    const { tableName } = dynalite;
    const store = createDynamoStore({ client, tableName, clock: createOwnedClock() });
    const member = { ...memberOf(1), counted: true };
    const { socketId } = member;
    const exit = { nsp: "/", sid: sidOf(1), socketId, room: socketId, letterId: "letter" };

    // In the own room, where the first request is the transaction.
    repeatNext();
    expect(await store.enterRoom({ nsp: "/", member, room: socketId, letterId: "letter" })).toBe("created");
    repeatNext();
    expect(await store.exitRoom(exit)).toBe("deleted");

    expect(repeated()).toBe(2);
    expect((await store.listRoomNotes("letter")).map(({ change }) => change)).toEqual(["created", "deleted"]);
  });
});
