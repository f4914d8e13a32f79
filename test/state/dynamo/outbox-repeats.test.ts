import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { toConnectionId } from "../../../lib/ids.ts";
import { GetCommand } from "../../../lib/state/dynamo/commands.ts";
import { createDynamoStore } from "../../../lib/state/dynamo/dynamo-store.ts";
import type { Store } from "../../../lib/state/store.ts";
import { startDynalite, type Dynalite } from "../../support/dynalite.ts";
import {
  appendOf,
  beatOf,
  connectionRoute,
  connectOf,
  createOwnedClock,
  getOf,
  handshakeOf,
  pollingSessionOf,
  probeOf,
  sidOf,
  START_MS,
} from "../fixtures.ts";
import { createRepeatingClient, type RepeatingClient } from "./repeating-client.ts";

/** The request is done, its answer is lost, others go on meanwhile, and it comes again. */
describe("a repeated request about an outbox", () => {
  const sid = sidOf(1);
  const ws = toConnectionId("ws=");
  let clock = createOwnedClock();
  let dynalite: Dynalite;
  let repeating: RepeatingClient;
  let tableName: string;
  let store: Store;

  beforeAll(async () => {
    dynalite = await startDynalite();
    repeating = createRepeatingClient(dynalite.endpoint);
  });
  afterAll(async () => {
    repeating.client.destroy();
    await dynalite.stop();
  });
  beforeEach(async () => {
    clock = createOwnedClock();
    tableName = await dynalite.createTable();
    store = createDynamoStore({ client: repeating.client, tableName, clock });
    await store.createPollingSession(
      pollingSessionOf(sid),
      handshakeOf(),
      beatOf(sid, { route: { kind: "out" } }),
    );
  });

  const append = (...frames: readonly string[]) => store.appendOutbox(appendOf(sid, frames));
  const framesOf = async () => (await store.readOutbox(sid))?.frames;
  const hear = async (id: string) => {
    await store.openGet(getOf(sid, id));
    return (await store.endGet(sid, id, START_MS))?.frames;
  };
  const repeat = async <Value>(call: () => Promise<Value>, between?: () => Promise<unknown>) => {
    const before = repeating.repeated();
    repeating.repeatNext(between);
    const answer = await call();
    expect(repeating.repeated()).toBe(before + 1);
    return answer;
  };

  it("appends once, and says that it did", async () => {
    const answer = await repeat(() => append("2"));

    expect(answer).toEqual({ outcome: "appended", lastGetUntilMs: START_MS });
    expect(await framesOf()).toEqual(["2"]);
  });

  it("appends once past what others append", async () => {
    const answer = await repeat(
      () => append('42["a"]'),
      async () => {
        for (let index = 0; index < 5; index++) await append(`42[${index}]`);
      },
    );

    expect(answer).toMatchObject({ outcome: "appended" });
    expect(await framesOf()).toEqual(['42["a"]', "42[0]", "42[1]", "42[2]", "42[3]", "42[4]"]);
  });

  it("appends once past GETs that took it, other appends, and 30 seconds", async () => {
    const heard: unknown[] = [];
    clock.set(1_773_480_419_999);
    const answer = await repeat(
      () => append("a"),
      async () => {
        heard.push(await hear("g1"));
        for (let seconds = 0; seconds < 30; seconds++) {
          clock.set(clock.nowMs() + 1000);
          await append("b");
        }
        for (const id of ["g2", "g3"]) heard.push((await hear(id))?.length);
      },
    );

    expect(answer).toMatchObject({ outcome: "appended" });
    expect(heard).toEqual([["a"], 16, 14]);
    expect(await framesOf()).toEqual([]);
  });

  it("says that it appended to what has moved since", async () => {
    const answer = await repeat(
      () => append("2"),
      async () => {
        await store.startProbe(probeOf(sid, "ws="));
        expect(await store.takeOutbox(sid)).toEqual(["2"]);
        await store.moveOutbox(sid, ws);
      },
    );

    expect(answer).toMatchObject({ outcome: "appended" });
  });

  it("does not keep marks for ever", async () => {
    for (let turn = 0; turn < 5; turn++) {
      clock.set(START_MS + turn * 30_000);
      for (let index = 0; index < 20; index++) await append("2");
      await hear(`g${turn}`);
    }

    expect((await readRow()).marks).toBe(40);
  });

  it("closes once, and says that it did", async () => {
    expect(await repeat(() => store.closeOutbox(sid, ["1"]))).toBe(true);

    expect(await store.closeOutbox(sid, ["1"])).toBe(false);
    expect(await framesOf()).toEqual(["1"]);
  });

  it("opens a GET, and does not take it for another", async () => {
    await append("2");

    const opened = await repeat(
      () => store.openGet(getOf(sid, "g1")),
      async () => expect(await store.openGet(getOf(sid, "g2"))).toEqual({ outcome: "overlap" }),
    );

    expect(opened).toMatchObject({ outcome: "opened", outbox: { frames: ["2"], get: { id: "g1" } } });
  });

  it("ends a GET with all of its frames, and leaves those that came later", async () => {
    await append("a", "b");
    await store.openGet(getOf(sid, "g1"));

    const ended = await repeat(
      () => store.endGet(sid, "g1", START_MS),
      () => append("c"),
    );

    expect(ended).toEqual({ frames: ["a", "b"], closed: false });
    expect(await hear("g2")).toEqual(["c"]);
  });

  it("ends a GET with the first of many frames, and leaves the others in order", async () => {
    const frames = Array.from({ length: 20 }, (_, index) => `4${index}`);
    await append(...frames);
    await store.openGet(getOf(sid, "g1"));

    const ended = await repeat(
      () => store.endGet(sid, "g1", START_MS, frames),
      () => append("later"),
    );

    expect(ended).toEqual({ frames: frames.slice(0, 16), closed: false });
    expect(await hear("g2")).toEqual([...frames.slice(16), "later"]);
  });

  it("ends a GET with no frames as such", async () => {
    await store.openGet(getOf(sid, "g1"));

    expect(await repeat(() => store.endGet(sid, "g1", START_MS))).toEqual({ frames: [], closed: false });
  });

  it("ends a large GET, and lets its frames go afterwards", async () => {
    const large = "x".repeat(200_000);
    await append(large);
    await store.openGet(getOf(sid, "g1"));

    expect((await repeat(() => store.endGet(sid, "g1", START_MS)))?.frames).toEqual([large]);

    expect((await readRow()).held).toBe(0);
  });

  it("tells a GET of the close that was before it, and leaves the one after it to the next", async () => {
    await append("a");
    await store.openGet(getOf(sid, "g1"));
    const early = await repeat(
      () => store.endGet(sid, "g1", START_MS),
      () => store.closeOutbox(sid, ["1"]),
    );
    await store.openGet(getOf(sid, "g2"));
    const late = await repeat(() => store.endGet(sid, "g2", START_MS));

    expect(early).toEqual({ frames: ["a"], closed: false });
    expect(late).toEqual({ frames: ["1"], closed: true });
  });

  it("starts, ends and moves a probe, and does not take it for another", async () => {
    expect(await repeat(() => store.startProbe(probeOf(sid, "ws=")))).toBe("started");
    expect(
      await repeat(
        () => store.endProbe(sid, ws),
        async () => expect(await store.startProbe(probeOf(sid, "other="))).toBe("started"),
      ),
    ).toBe(true);
    expect(await store.startProbe(probeOf(sid, "ws="))).toBe("busy");

    expect(await repeat(() => store.moveOutbox(sid, toConnectionId("other=")))).toBe(true);
    expect(await repeat(() => store.upgradeSession(sid, ws))).toBe(true);
  });

  it("takes frames once, and leaves those that came later", async () => {
    await append("a", "b");

    const taken = await repeat(
      () => store.takeOutbox(sid),
      () => append("c"),
    );

    expect(taken).toEqual(["a", "b"]);
    expect(await store.takeOutbox(sid)).toEqual(["c"]);
  });

  it("ends a lease past the next one that takes it, and says that it did", async () => {
    const lease = { sid, nowMs: START_MS, untilMs: START_MS + 5000 };
    await store.takeLease({ ...lease, holder: "a" });

    const ended = await repeat(
      () => store.endLease(sid, "a"),
      async () => expect(await store.takeLease({ ...lease, holder: "b" })).toBe(true),
    );

    expect(ended).toBe(true);
    expect(await store.takeLease({ ...lease, holder: "c" })).toBe(false);
    expect(await store.endLease(sid, "b")).toBe(true);
  });

  it("repairs a route, and says that it did", async () => {
    await store.connectSocket(connectOf(1, "/", ["a"]));

    expect(await repeat(() => store.repairRoute("/", "a", sid, connectionRoute(), { kind: "out" }))).toBe(
      true,
    );
  });

  /** What is in the row for repeated requests. */
  async function readRow() {
    const { Item: item = {} } = await repeating.client.send(
      new GetCommand({
        TableName: tableName,
        Key: { pk: `out#${sid}`, sk: "outbox" },
        ConsistentRead: true,
      }),
    );
    const sets = ["marks0", "marks1", "marks2"].map((name) => item[name] as Set<string> | undefined);
    return {
      held: item["held"] as number,
      marks: sets.reduce((total, set) => total + (set?.size ?? 0), 0),
    };
  }
});
