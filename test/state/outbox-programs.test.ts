import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { toConnectionId } from "../../lib/ids.ts";
import { createDynamoStore } from "../../lib/state/dynamo/dynamo-store.ts";
import { createMemoryStore } from "../../lib/state/memory-store.ts";
import type { Store } from "../../lib/state/store.ts";
import { startDynalite, type Dynalite } from "../support/dynalite.ts";
import { createRepeatingClient, type RepeatingClient } from "./dynamo/repeating-client.ts";
import {
  appendOf,
  beatOf,
  createOwnedClock,
  getOf,
  handshakeOf,
  pollingSessionOf,
  probeOf,
  sidOf,
  START_MS,
} from "./fixtures.ts";

const sid = sidOf(1);
const create = (store: Store) =>
  store.createPollingSession(pollingSessionOf(sid), handshakeOf(), beatOf(sid, { route: { kind: "out" } }));

/** What went in, and what came out, by the answers to the calls. */
interface Traffic {
  readonly sent: string[];
  readonly heard: string[];
}

/** One call on a store; `print` makes a counterexample readable. */
interface Step {
  readonly print: string;
  /** DynamoDB gets its first request twice. */
  readonly repeats: boolean;
  run(store: Store, index: number, traffic: Traffic): Promise<unknown>;
}

const at = fc.integer({ min: 0, max: 6 }).map((index) => START_MS + index * 5_000);
const getId = fc.constantFrom("g1", "g2");
const connection = fc.constantFrom("ws=", "other=");
const frame = fc.constantFrom("2", '42["a"]', "b".repeat(90), "é😀");

/** More than one GET is answered with. */
const manyFrames = fc.array(frame, { minLength: 15, maxLength: 20 });
const append = fc
  .tuple(
    fc.oneof({ weight: 5, arbitrary: fc.array(frame, { maxLength: 3 }) }, manyFrames),
    fc.boolean(),
    at,
    fc.constantFrom(100, 262_144),
  )
  .map(([frames, onlyIfParked, nowMs, capBytes]) => ({
    print: `append(${JSON.stringify({ frames, onlyIfParked, at: nowMs - START_MS, capBytes })})`,
    run: async (store: Store, index: number, { sent }: Traffic) => {
      const own = frames.map((each) => `${index}${each}`);
      const answer = await store.appendOutbox(appendOf(sid, own, { onlyIfParked, nowMs, capBytes }));
      if (answer.outcome === "appended") sent.push(...own);
      return answer;
    },
  }));
const close = fc.constant({
  print: "close()",
  run: async (store: Store, index: number, { sent }: Traffic) => {
    const own = [`${index}41`, `${index}1`];
    const closed = await store.closeOutbox(sid, own);
    if (closed) sent.push(...own);
    return closed;
  },
});
const open = fc.tuple(getId, at).map(([id, nowMs]) => ({
  print: `open(${id}, ${nowMs - START_MS})`,
  run: (store: Store) => store.openGet(getOf(sid, id, nowMs)),
}));
const end = fc.tuple(getId, at, fc.boolean()).map(([id, nowMs, looks]) => ({
  print: `end(${id}, ${nowMs - START_MS}${looks ? ", having looked" : ""})`,
  run: async (store: Store, _: number, { heard }: Traffic) => {
    const seen = looks ? (await store.readOutbox(sid))?.frames : undefined;
    const ended = await store.endGet(sid, id, nowMs, seen);
    heard.push(...(ended?.frames ?? []));
    return ended;
  },
}));
const probe = fc.tuple(connection, at).map(([id, nowMs]) => ({
  print: `probe(${id}, ${nowMs - START_MS})`,
  run: (store: Store) => store.startProbe(probeOf(sid, id, nowMs)),
}));
const unprobe = connection.map((id) => ({
  print: `unprobe(${id})`,
  run: (store: Store) => store.endProbe(sid, toConnectionId(id)),
}));
const take = fc.constant({
  print: "take()",
  run: async (store: Store, _: number, { heard }: Traffic) => {
    const taken = await store.takeOutbox(sid);
    heard.push(...taken);
    return taken;
  },
});
const move = connection.map((id) => ({
  print: `move(${id})`,
  run: async (store: Store) => [
    await store.moveOutbox(sid, toConnectionId(id)),
    await store.upgradeSession(sid, toConnectionId(id)),
  ],
}));

const anyStep: fc.Arbitrary<Step> = fc
  .tuple(
    fc.oneof(
      { weight: 6, arbitrary: append },
      { weight: 3, arbitrary: open },
      { weight: 4, arbitrary: end },
      { weight: 2, arbitrary: probe },
      { weight: 1, arbitrary: unprobe },
      { weight: 2, arbitrary: take },
      { weight: 1, arbitrary: move },
      { weight: 1, arbitrary: close },
    ),
    fc.boolean(),
  )
  .map(([step, repeats]) => ({ ...step, repeats, print: `${step.print}${repeats ? " twice" : ""}` }));

describe("what goes into an outbox", () => {
  let dynalite: Dynalite;
  let repeating: RepeatingClient;
  let tableName: string;
  beforeAll(async () => {
    dynalite = await startDynalite();
    repeating = createRepeatingClient(dynalite.endpoint);
    ({ tableName } = dynalite);
  });
  afterAll(async () => {
    repeating.client.destroy();
    await dynalite.stop();
  });

  it("is answered the same by memory and by DynamoDB, whose requests come twice, and comes out once", async () => {
    const program = fc.array(anyStep, { minLength: 10, maxLength: 50 });
    const expiresAtMs = pollingSessionOf(sid).expiresAtSeconds * 1000;

    await fc.assert(
      fc.asyncProperty(program, fc.nat(100), async (steps, expireBefore) => {
        const clock = createOwnedClock();
        const memory = createMemoryStore({ clock });
        const dynamo = createDynamoStore({ client: repeating.client, tableName, clock });
        const inMemory: Traffic = { sent: [], heard: [] };
        const inDynamo: Traffic = { sent: [], heard: [] };
        await create(memory);
        await create(dynamo);
        for (const [index, { print, repeats, run }] of steps.entries()) {
          if (index === expireBefore) clock.set(expiresAtMs);
          const answer = await run(memory, index, inMemory);
          if (repeats) repeating.repeatNext();
          expect({ index, print, answer: await run(dynamo, index, inDynamo) }).toEqual({
            index,
            print,
            answer,
          });
          expect(await dynamo.readOutbox(sid)).toStrictEqual(await memory.readOutbox(sid));
        }
        clock.set(START_MS);
        const waiting = (await dynamo.readOutbox(sid))?.frames ?? [];
        expect([...inDynamo.heard, ...waiting]).toEqual(inDynamo.sent);
        expect(inDynamo).toEqual(inMemory);
      }),
      { seed: 20260314, numRuns: 40, interruptAfterTimeLimit: 8_000, markInterruptAsFailure: false },
    );
  });

  const WRITERS = ["a", "b", "c", "d"];
  const FRAMES = 30;

  /** Writes one frame after the other: to the outbox, and once it has moved to the WebSocket. */
  async function write(store: Store, writer: string, heard: string[]): Promise<void> {
    for (let index = 0; index < FRAMES; index++) {
      if (index % 3 === 0) repeating.repeatNext();
      const answer = await store.appendOutbox(appendOf(sid, [`${writer}${index}`]));
      if (answer.outcome === "moved") heard.push(`${writer}${index}`);
      else expect(answer.outcome).toBe("appended");
    }
  }

  /** What a client does: GETs, then a WebSocket that takes over. */
  async function listen(store: Store, gets: number, heard: string[]): Promise<void> {
    for (let index = 0; index < gets; index++) {
      expect((await store.openGet(getOf(sid, `g${index}`))).outcome).toBe("opened");
      if (index % 2 === 0) repeating.repeatNext();
      heard.push(...((await store.endGet(sid, `g${index}`, START_MS))?.frames ?? []));
    }
    expect(await store.startProbe(probeOf(sid, "ws="))).toBe("started");
    do {
      repeating.repeatNext();
      heard.push(...(await store.takeOutbox(sid)));
    } while (!(await store.moveOutbox(sid, toConnectionId("ws="))));
  }

  it.each([
    ["memory", 0],
    ["memory", 5],
    ["DynamoDB", 0],
    ["DynamoDB", 5],
    ["DynamoDB", 15],
  ])("by many at once is heard once, and in each writer's order: %s, %i GETs", async (name, gets) => {
    const clock = createOwnedClock();
    const store =
      name === "memory"
        ? createMemoryStore({ clock })
        : createDynamoStore({ client: repeating.client, tableName, clock });
    await create(store);
    const heard: string[] = [];

    await Promise.all([listen(store, gets, heard), ...WRITERS.map((writer) => write(store, writer, heard))]);

    for (const writer of WRITERS)
      expect(heard.filter((each) => each.startsWith(writer))).toEqual(
        Array.from({ length: FRAMES }, (_, index) => `${writer}${index}`),
      );
    expect(heard).toHaveLength(WRITERS.length * FRAMES);
  });
});
