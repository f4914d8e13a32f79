import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { firstOffset, toConnectionId, type Pid } from "../../lib/ids.ts";
import { createDynamoStore } from "../../lib/state/dynamo/dynamo-store.ts";
import { createMemoryStore } from "../../lib/state/memory-store.ts";
import type { Store } from "../../lib/state/store.ts";
import { startDynalite, type Dynalite } from "../support/dynalite.ts";
import { createRepeatingClient, type RepeatingClient } from "./dynamo/repeating-client.ts";
import {
  answerOf,
  appendOf,
  connectOf,
  createOwnedClock,
  offsetOf,
  packetOf,
  questionOf,
  sessionOf,
  sidOf,
  START_MS,
} from "./fixtures.ts";

/** One call on a store; `print` makes a counterexample readable. */
interface Step {
  readonly print: string;
  /** DynamoDB gets its first request twice. */
  readonly repeats: boolean;
  run(store: Store): Promise<unknown>;
}

const who = fc.integer({ min: 1, max: 3 });
const nsp = fc.constantFrom("/", "/a", "/a*");
const room = fc.constantFrom(undefined, "", "*", "b", "x".repeat(300));
const pid = fc.constantFrom("p".repeat(20) as Pid, "q".repeat(20) as Pid);
const ackId = fc.constantFrom(0, 7, Number.MAX_SAFE_INTEGER);
const packet = fc.integer({ min: 0, max: 5 });
const packets = fc.array(packet, { maxLength: 4 });
const holder = fc.constantFrom("a", "b");
const seconds = fc.integer({ min: 0, max: 4 });
const message = fc.oneof(fc.constantFrom("", "370", '37["é😀"]'), fc.uint8Array({ maxLength: 3 }));
const messages = fc.array(message, { maxLength: 3 });
const LATER = Math.ceil(START_MS / 1000) + 3;

const call = <Value>(
  name: string,
  values: fc.Arbitrary<Value>,
  run: (store: Store, value: Value) => Promise<unknown>,
): fc.Arbitrary<Omit<Step, "repeats">> =>
  values.map((value) => ({
    print: `${name}(${JSON.stringify(toPlain(value))})`,
    run: (store) => run(store, value),
  }));

const anyCall = fc.oneof(
  call(
    "ask",
    fc.record({ ackId, nsp, asked: fc.array(who, { maxLength: 4 }), more: seconds }),
    (store, { asked, more, ...rest }) =>
      store.expectAnswers(questionOf(asked, { ...rest, expiresAtSeconds: LATER + more })),
  ),
  call("answer", fc.record({ ackId, nsp, who, messages }), (store, { who: w, messages: list, ...rest }) =>
    store.saveAnswer(answerOf(w, list, rest)),
  ),
  call("answers", ackId, async (store, id) => toSorted(await store.listAnswers(id))),
  call(
    "connect",
    fc.record({ who, nsp, socket: fc.record({ pid, parent: nsp }, { requiredKeys: [] }) }),
    (store, { who: w, nsp: n, socket }) => store.connectSocket(connectOf(w, n, [], socket)),
  ),
  call("pid", pid, (store, p) => store.getPid(p)),
  call("move", fc.tuple(pid, who, who), (store, [p, from, to]) => store.movePid(p, sidOf(from), sidOf(to))),
  call("children", nsp, (store, n) => store.listChildNamespaces(n)),
  call(
    "log",
    fc.record({ place: fc.record({ nsp, room, messages }), packets, more: seconds }),
    (store, { place, packets: list, more }) =>
      store.appendLog(
        list.map((index) => packetOf(index, place)),
        LATER + more,
      ),
  ),
  call(
    "mark",
    fc.record({ place: fc.record({ nsp, room }), packets, more: seconds }),
    (store, { place, packets: list, more }) =>
      store.markLogDone(
        list.map((index) => packetOf(index, place)),
        START_MS + more,
        LATER + more,
      ),
  ),
  call("logged", fc.tuple(nsp, room, packet, fc.boolean()), async (store, [n, r, index, isMoment]) =>
    toPlain(await store.listLog(n, r, isMoment ? firstOffset(START_MS + index) : offsetOf(index))),
  ),
  call("take", fc.tuple(who, holder, seconds), (store, [w, h, at]) => {
    const nowMs = START_MS + at * 1000;
    return store.takeLease({ sid: sidOf(w), holder: h, nowMs, untilMs: nowMs + 2000 });
  }),
  call("end", fc.tuple(who, holder), (store, [w, h]) => store.endLease(sidOf(w), h)),
  call("hold", who, (store, w) => store.createHold(sidOf(w), toConnectionId("ws="))),
  call("fill", who, (store, w) => store.appendOutbox(appendOf(sidOf(w), ["2"]))),
  call("empty", who, (store, w) => store.takeOutbox(sidOf(w))),
  call("release", who, (store, w) => store.moveOutbox(sidOf(w), toConnectionId("ws="))),
  call("deploy", seconds, (store, at) => store.saveDeployment({ savedAtMs: START_MS + at })),
  call("deployed", fc.constant(null), (store) => store.getDeployment()),
);

const anyStep: fc.Arbitrary<Step> = fc
  .tuple(anyCall, fc.boolean())
  .map(([step, repeats]) => ({ ...step, repeats, print: `${step.print}${repeats ? " twice" : ""}` }));

const toSorted = (values: readonly unknown[]): string[] =>
  values.map((value) => JSON.stringify(toPlain(value))).toSorted();

/** Bytes are bytes, in whatever they came, and the order of an object's properties is nobody's. */
function toPlain(value: unknown): unknown {
  if (value instanceof Uint8Array) return { bytes: [...value] };
  if (Array.isArray(value)) return value.map(toPlain);
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([name, each]) => [name, toPlain(each)]));
}

describe("a program of calls about answers, private ids, logs and leases", () => {
  let dynalite: Dynalite;
  let repeating: RepeatingClient;
  beforeAll(async () => {
    dynalite = await startDynalite();
    repeating = createRepeatingClient(dynalite.endpoint);
  });
  afterAll(async () => {
    repeating.client.destroy();
    await dynalite.stop();
  });

  it("is answered the same by memory and by DynamoDB, whose requests come twice", async () => {
    const program = fc.array(anyStep, { minLength: 20, maxLength: 60 });
    const times = fc.tuple(fc.nat(60), fc.nat(60)).map(([a, b]) => [Math.min(a, b), Math.max(a, b)] as const);

    await fc.assert(
      fc.asyncProperty(program, times, async (steps, [passBefore, expireBefore]) => {
        const clock = createOwnedClock();
        const memory = createMemoryStore({ clock, pageSize: 2 });
        const tableName = await dynalite.createTable();
        const dynamo = createDynamoStore({ client: repeating.client, tableName, clock, pageLimit: 2 });
        for (const [index, { print, repeats, run }] of steps.entries()) {
          if (index === passBefore) clock.set((LATER + 2) * 1000);
          if (index === expireBefore) clock.set(sessionOf(sidOf(1)).expiresAtSeconds * 1000);
          const answer = await run(memory);
          if (repeats) repeating.repeatNext();
          expect({ index, print, answer: await run(dynamo) }).toEqual({ index, print, answer });
        }
      }),
      { seed: 20261122, numRuns: 25, interruptAfterTimeLimit: 8_000, markInterruptAsFailure: false },
    );
  });
});
