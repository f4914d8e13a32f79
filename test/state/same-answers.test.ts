import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { AwsClient } from "../../lib/requests/aws-client.ts";
import { createDynamoStore } from "../../lib/state/dynamo/dynamo-store.ts";
import { createTableClient } from "../../lib/state/dynamo/table-client.ts";
import { createMemoryStore } from "../../lib/state/memory-store.ts";
import type { Route } from "../../lib/state/records.ts";
import type { Store } from "../../lib/state/store.ts";
import { localCredentials, localRegion, startDynalite, type Dynalite } from "../support/dynalite.ts";
import {
  beatOf,
  collect,
  connectionRoute,
  connectOf,
  createOwnedClock,
  handshakeOf,
  memberOf,
  sessionOf,
  sidOf,
  socketIdOf,
  START_MS,
  sweepOf,
} from "./fixtures.ts";

/** One call on a store; `print` makes a counterexample readable. */
interface Step {
  readonly print: string;
  run(store: Store): Promise<unknown>;
}

const step = (name: string, run: (store: Store) => Promise<unknown>, ...values: unknown[]): Step => ({
  print: `${name}(${values.map((value) => JSON.stringify(value)).join(", ")})`,
  run,
});

const who = fc.integer({ min: 1, max: 3 });
const nsp = fc.constantFrom("/", "/a", "/a#b");
const room = fc.constantFrom("b#c", "c", "", "x".repeat(300), socketIdOf(1));
const rooms = fc.array(room, { maxLength: 4 });
const route: fc.Arbitrary<Route> = fc.constantFrom(connectionRoute("A="), connectionRoute("B="), {
  kind: "out",
});
const offset = fc.integer({ min: 0, max: 4 }).map((index) => index * 20_000);
const key = fc.constantFrom("a", "", "__proto__", "b.c");
const changes = fc.record({
  set: fc
    .array(fc.tuple(key, fc.constantFrom("1", "2")), { maxLength: 3 })
    .map((list) => Object.fromEntries(list)),
  remove: fc.array(key, { maxLength: 3 }),
  spent: fc.array(key, { maxLength: 2 }),
});
const interval = fc.constantFrom(1000, 25_000);

const anyStep: fc.Arbitrary<Step> = fc.oneof(
  who.map((w) => step("create", (store) => store.createSession(sessionOf(sidOf(w)), handshakeOf()), w)),
  fc
    .tuple(who, fc.boolean())
    .map(([w, handshake]) =>
      step(
        "load",
        async (store) => toComparable(await store.loadSession(sidOf(w), { handshake })),
        w,
        handshake,
      ),
    ),
  who.map((w) => step("sever", (store) => store.severSession(sidOf(w)), w)),
  fc.tuple(who, offset, fc.constantFrom("ping timeout", "transport close")).map(([w, at, reason]) => {
    const times = { nowMs: START_MS + at, leaseUntilMs: START_MS + at + 30_000 };
    return step("begin", (store) => store.beginClose({ sid: sidOf(w), reason, ...times }), w, at, reason);
  }),
  who.map((w) => step("finish", (store) => store.finishClose(sidOf(w)), w)),
  fc
    .tuple(who, fc.uint8Array({ maxLength: 3 }))
    .map(([w, part]) =>
      step("pend", (store) => store.savePending(sidOf(w), { header: "51-", parts: [part] }), w, [...part]),
    ),
  who.map((w) => step("unpend", (store) => store.deletePending(sidOf(w)), w)),
  fc
    .tuple(who, nsp, rooms)
    .map(([w, n, r]) => step("connect", (store) => store.connectSocket(connectOf(w, n, r)), w, n, r)),
  fc
    .tuple(who, nsp, rooms)
    .map(([w, n, r]) =>
      step("disconnect", (store) => store.disconnectSocket(sidOf(w), n, socketIdOf(w), r), w, n, r),
    ),
  fc
    .tuple(who, nsp, rooms, route)
    .map(([w, n, r, to]) =>
      step("join", (store) => store.joinRooms(n, memberOf(w, { route: to }), r), w, n, r, to),
    ),
  fc
    .tuple(who, nsp, rooms)
    .map(([w, n, r]) => step("leave", (store) => store.leaveRooms(n, sidOf(w), r), w, n, r)),
  fc
    .tuple(who, nsp, rooms)
    .map(([w, n, r]) =>
      step(
        "drop",
        (store) => store.deleteMemberships(sidOf(w), [{ nsp: n, socketId: socketIdOf(w), rooms: r }]),
        w,
        n,
        r,
      ),
    ),
  fc
    .tuple(who, nsp, fc.option(room, { nil: undefined }), route)
    .map(([w, n, r, failed]) =>
      step("repair", (store) => store.deleteMemberIfRoute(n, r, sidOf(w), failed), w, n, r, failed),
    ),
  fc
    .tuple(who, who, nsp, changes)
    .map(([w, socket, n, c]) =>
      step("save", (store) => store.saveSocket(sidOf(w), n, socketIdOf(socket), c), w, socket, n, c),
    ),
  fc.tuple(nsp, room).map(([n, r]) => step("members", (store) => collect(store.listRoomMembers(n, r)), n, r)),
  nsp.map((n) =>
    step("everyone", (store) => Promise.all(store.listNamespaceMembers(n).map(collect)).then(toSorted), n),
  ),
  fc
    .tuple(who, interval, route)
    .map(([w, pingIntervalMs, to]) =>
      step(
        "open",
        (store) => store.openBeat(beatOf(sidOf(w), { pingIntervalMs, route: to })),
        w,
        pingIntervalMs,
        to,
      ),
    ),
  fc
    .tuple(who, interval, offset)
    .map(([w, ms, at]) => step("pong", (store) => store.recordPong(sidOf(w), ms, START_MS + at), w, ms, at)),
  fc.tuple(who, interval).map(([w, ms]) => step("beat", (store) => store.getBeat(sidOf(w), ms), w, ms)),
  fc.tuple(who, interval).map(([w, ms]) => step("unbeat", (store) => store.deleteBeat(sidOf(w), ms), w, ms)),
  interval.map((ms) => step("beats?", (store) => store.hasBeats(ms), ms)),
  interval.map((ms) =>
    step("beats", (store) => collect(store.listBeats(ms, 0, ms)).then((list) => toSorted([list])), ms),
  ),
  fc.tuple(interval, offset, fc.option(offset, { nil: undefined })).map(([ms, at, from]) => {
    const sweep = sweepOf({ pingIntervalMs: ms, pingedUntilMs: START_MS + at });
    const previous = from === undefined ? undefined : START_MS + from;
    return step("sweep", (store) => store.saveSweep(sweep, previous), ms, at, from);
  }),
  interval.map((ms) => step("unsweep", (store) => store.deleteSweep(ms), ms)),
  fc.constant(step("sweeps", (store) => store.listSweeps().then((list) => toSorted([list])))),
);

/** Lists whose order the contract leaves open, in one order. */
const toSorted = (lists: readonly (readonly unknown[])[]): string[] =>
  lists
    .flat()
    .map((value) => JSON.stringify(toComparable(value)))
    .toSorted();

function toComparable(value: unknown): unknown {
  if (value instanceof Uint8Array) return [...value];
  if (Array.isArray(value)) return value.map(toComparable).toSorted(byText);
  if (typeof value !== "object" || value === null) return value;
  return Object.entries(value)
    .map(([name, each]) => [name, toComparable(each)])
    .toSorted(byText);
}

const byText = (a: unknown, b: unknown) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1);

describe("a program of calls", () => {
  let dynalite: Dynalite;
  let client: AwsClient;
  beforeAll(async () => {
    dynalite = await startDynalite();
    client = createTableClient(
      { AWS_REGION: localRegion, AWS_ENDPOINT_URL_DYNAMODB: dynalite.endpoint },
      { credentials: localCredentials },
    );
  });
  afterAll(async () => {
    client.destroy();
    await dynalite.stop();
  });

  it("is answered the same by memory and by DynamoDB, also beyond every expiry", async () => {
    const program = fc.array(anyStep, { minLength: 10, maxLength: 40 });
    const expiresAtMs = sessionOf(sidOf(1)).expiresAtSeconds * 1000;

    await fc.assert(
      fc.asyncProperty(program, fc.nat(40), async (steps, expireBefore) => {
        const clock = createOwnedClock();
        const memory = createMemoryStore({ clock, pageSize: 3 });
        const tableName = await dynalite.createTable();
        const dynamo = createDynamoStore({
          client,
          tableName,
          clock,
          pageLimit: 3,
        });
        for (const [index, { print, run }] of steps.entries()) {
          if (index === expireBefore) clock.set(expiresAtMs);
          const expected = await run(memory);
          expect({ index, print, answer: await run(dynamo) }).toEqual({ index, print, answer: expected });
        }
      }),
      { seed: 20260314, numRuns: 40, interruptAfterTimeLimit: 8_000, markInterruptAsFailure: false },
    );
  });
});
