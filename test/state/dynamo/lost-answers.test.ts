import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { createPid, firstOffset } from "../../../lib/ids.ts";
import type { AwsClient } from "../../../lib/requests/aws-client.ts";
import type { Exchange } from "../../../lib/requests/connections.ts";
import { createDynamoStore } from "../../../lib/state/dynamo/dynamo-store.ts";
import { createTableClient } from "../../../lib/state/dynamo/table-client.ts";
import type { Store } from "../../../lib/state/store.ts";
import { localCredentials, localRegion, startDynalite, type Dynalite } from "../../support/dynalite.ts";
import {
  answerOf,
  beatOf,
  connectOf,
  createOwnedClock,
  handshakeOf,
  packetOf,
  questionOf,
  sessionOf,
  sidOf,
  socketIdOf,
  START_MS,
  sweepOf,
} from "../fixtures.ts";

/** The request is done, its answer never arrives, and the client sends it again. */
describe("a write whose answer was lost", () => {
  const sid = sidOf(1);
  const close = { sid, reason: "transport close", nowMs: START_MS, leaseUntilMs: START_MS + 30_000 } as const;
  let dynalite: Dynalite;
  let client: AwsClient;
  let answersToLose = 0;
  let attempts = 0;
  let store: Store;

  beforeAll(async () => {
    dynalite = await startDynalite();
    const intercept =
      (exchange: Exchange): Exchange =>
      async (head, body) => {
        attempts++;
        const answer = await exchange(head, body);
        if (answersToLose === 0 || answer.status !== 200) return answer;
        answersToLose--;
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
    await store.createSession(sessionOf(sid), handshakeOf());
    await store.connectSocket(connectOf(1));
    await store.openBeat(beatOf(sid));
  });

  const losing = async (call: () => Promise<unknown>) => {
    answersToLose = 1;
    attempts = 0;
    const answer = await call();
    expect(attempts).toBe(2);
    return answer;
  };

  it("severs a session, and says so", async () => {
    expect(await losing(() => store.severSession(sid))).toBe(true);
    expect(await store.severSession(sid)).toBe(false);
  });

  it("begins and finishes a close, and does not take its own lease for another's", async () => {
    expect(await losing(() => store.beginClose(close))).toEqual({
      outcome: "begun",
      reason: "transport close",
    });
    expect(await store.beginClose(close)).toEqual({ outcome: "leased" });
    expect(await losing(() => store.finishClose(sid))).toBe(true);
    expect(await store.finishClose(sid)).toBe(false);
  });

  it("creates a sweep and moves it on, and does not take itself for another sweeper", async () => {
    const next = sweepOf({ pingedUntilMs: START_MS + 60_000 });

    expect(await losing(() => store.saveSweep(sweepOf(), undefined))).toBe(true);
    expect(await losing(() => store.saveSweep(next, START_MS))).toBe(true);

    expect(await store.listSweeps()).toEqual([next]);
  });

  it("saves an answer once, and says that it did", async () => {
    await store.expectAnswers(questionOf([1]));

    expect(await losing(() => store.saveAnswer(answerOf(1, ["370"])))).toBe(true);

    expect(await store.saveAnswer(answerOf(1, ["370"]))).toBe(false);
    expect(await store.listAnswers(7)).toStrictEqual([answerOf(1, ["370"])]);
  });

  it("moves a private id, and does not take itself for another session", async () => {
    const pid = createPid();
    await store.connectSocket(connectOf(1, "/", [], { pid }));

    expect(await losing(() => store.movePid(pid, sid, sidOf(2)))).toBe(true);

    expect(await store.getPid(pid)).toMatchObject({ sid: sidOf(2), previousSid: sid });
  });

  it("takes and ends a lease, and does not take itself for another holder", async () => {
    const lease = { sid, holder: "a", nowMs: START_MS, untilMs: START_MS + 5000 };

    expect(await losing(() => store.takeLease(lease))).toBe(true);
    expect(await store.takeLease({ ...lease, holder: "b" })).toBe(false);

    answersToLose = 1;
    expect(await store.endLease(sid, "a")).toBe(true);
    expect(await store.endLease(sid, "a")).toBe(false);
    expect(await store.takeLease({ ...lease, holder: "b" })).toBe(true);
  });

  it("appends to a log and marks what has ended, once each", async () => {
    expect(
      await losing(() => store.appendLog([packetOf(1)], sessionOf(sid).expiresAtSeconds)),
    ).toBeUndefined();
    await losing(() => store.markLogDone([packetOf(1)], START_MS, sessionOf(sid).expiresAtSeconds));

    expect(await store.listLog("/", "lobby", firstOffset(0))).toStrictEqual([
      packetOf(1, { doneAtMs: START_MS }),
    ]);
  });

  it("saves a socket and records a pong", async () => {
    const changes = { set: { a: "1" }, remove: ["b"], spent: ["c"] };

    expect(await losing(() => store.saveSocket(sid, "/", socketIdOf(1), changes))).toBe(true);
    expect(await losing(() => store.recordPong(sid, 240_000, START_MS + 1))).toBe(true);
  });
});
