import { describe, expect, it } from "vitest";
import { inPace } from "../../../lib/engine/outbound/paced-posts.ts";
import { PostPace } from "../../../lib/engine/outbound/post-pace.ts";
import { toConnectionId } from "../../../lib/ids.ts";
import { createMemoryStore } from "../../../lib/state/memory-store.ts";
import { drain, ManualClock, START_MS } from "../../support/manual-clock.ts";

const CEILING = 1_000;

function setUp(processes = 1) {
  const clock = new ManualClock();
  const store = createMemoryStore({ clock });
  const calls: string[] = [];
  const counted = {
    reservePosts: (reservation: Parameters<typeof store.reservePosts>[0]) => {
      calls.push("reserve");
      return store.reservePosts(reservation);
    },
    cutPace: (...args: Parameters<typeof store.cutPace>) => {
      calls.push("cut");
      return store.cutPace(...args);
    },
  };
  const paces = Array.from(
    { length: processes },
    () => new PostPace({ store: counted, clock, ceiling: CEILING }),
  );
  return { clock, paces, pace: paces[0]!, calls };
}

const refuse = (pace: PostPace, from: number, to: number): void => {
  for (let index = from; index < to; index++) pace.onRefused(toConnectionId(`connection-${index}=`));
};

/** Posts a part, and notes when each of its posts may begin. */
async function post(pace: PostPace, clock: ManualClock, count: number, parts: number, begun: number[]) {
  const recipients = Array.from({ length: count }, (_, index) => index);
  const options = { pace, clock, isPosted: () => true, parts, untilMs: Infinity };
  for await (const { recipients: ready } of inPace([recipients], options))
    begun.push(...ready.map(() => clock.nowMs()));
}

describe("the pace of large broadcasts", () => {
  it("lets a burst begin at once, and what follows at the ceiling", async () => {
    const { clock, pace } = setUp();
    const begun: number[] = [];

    void post(pace, clock, 3_000, 4, begun);
    await clock.advance(10_000);

    expect(begun).toHaveLength(3_000);
    // The burst, and what of a chunk is behind its end.
    const atOnce = begun.filter((atMs) => atMs === START_MS).length;
    expect(atOnce).toBeGreaterThanOrEqual(400);
    expect(atOnce).toBeLessThan(400 + 43);
    expect(begun.at(-1)! - START_MS).toBeLessThanOrEqual(3_000 - 400);
    expect(begun.at(-1)! - START_MS).toBeGreaterThan(3_000 - 400 - 2 * 43);
  });

  it.each([1, 3, 14])("is never exceeded by %i parts together, and never idle", async (parts) => {
    const { clock, paces } = setUp(parts);
    const begun: number[] = [];
    const each = 2_800 / parts;

    for (const pace of paces) void post(pace, clock, each, parts, begun);
    await clock.advance(10_000);

    expect(begun.length).toBeGreaterThanOrEqual(Math.floor(each) * parts);
    const round = 170 + 10 * parts;
    for (const [index, atMs] of begun.entries())
      expect(index + 1).toBeLessThanOrEqual(((atMs - START_MS) / 1_000) * CEILING + 400 + round);
    expect(begun.at(-1)! - START_MS).toBeLessThanOrEqual(2_800 - 400);
  });

  it("is shared alike by two broadcasts, however many parts they have", async () => {
    const { clock, paces } = setUp(16);
    const [few, many]: number[][] = [[], []];

    for (const pace of paces.slice(0, 4)) void post(pace, clock, 2_500, 4, few!);
    for (const pace of paces.slice(4)) void post(pace, clock, 2_500, 12, many!);
    await clock.advance(8_000);

    expect(few!.length / many!.length).toBeGreaterThan(0.85);
    expect(few!.length / many!.length).toBeLessThan(1.15);
  });

  it("asks the table once for each chunk, and reserves nothing that is not posted", async () => {
    const { clock, pace, calls } = setUp();

    void post(pace, clock, 1_000, 4, []);
    await clock.advance(600);

    expect(calls).toEqual(Array(Math.ceil(1_000 / 43)).fill("reserve"));
    // The next one begins behind those thousand: 0.4 s of them are of the burst.
    expect(await pace.reserve(1)).toBe(START_MS + 1_000 - 400);
  });

  it("goes down to half when the gateway refuses, for everybody, and up again by the time", async () => {
    const { clock, paces, calls } = setUp(2);
    const [a, b] = [paces[0]!, paces[1]!];

    await a.during(async () => refuse(a, 0, 5));
    expect(a.postsPerSecond).toBe(500);
    expect(b.postsPerSecond).toBe(1_000);
    // Nobody begins for a second, whatever they knew.
    expect(await b.reserve(1)).toBe(clock.nowMs() + 1_000);
    expect(b.postsPerSecond).toBe(500);
    await clock.advance(5_000);
    expect(a.postsPerSecond).toBe(600);
    await clock.advance(20_000);
    expect(b.postsPerSecond).toBe(1_000);
    // The second is the pause.
    expect(calls).toEqual(["cut", "reserve", "reserve"]);
  });

  it("is cut once a second, whoever is refused", async () => {
    const { clock, paces, calls } = setUp(2);
    const [a, b] = [paces[0]!, paces[1]!];

    await Promise.all([a.during(async () => refuse(a, 0, 50)), b.during(async () => refuse(b, 50, 100))]);
    await b.reserve(1);
    expect(b.postsPerSecond).toBe(500);
    await clock.advance(1_500);
    await a.during(async () => refuse(a, 0, 50));

    expect(a.postsPerSecond).toBeCloseTo((500 + 30) * 0.75);
    expect(calls).toEqual(["cut", "cut", "reserve", "reserve", "cut", "reserve"]);
  });

  it("takes nothing out of the bucket of a gateway that refuses", async () => {
    const { clock, pace } = setUp();

    await pace.during(async () => refuse(pace, 0, 5));
    await pace.reserve(500);

    expect(await pace.reserve(1)).toBe(clock.nowMs() + 1_000 + 1_000);
  });

  it("is not cut by a slow client, nor for packets that are no large broadcast", async () => {
    const { clock, pace, calls } = setUp();

    refuse(pace, 0, 50);
    await pace.during(async () => {
      for (let round = 0; round < 20; round++) refuse(pace, 0, 4);
      await clock.advance(2_000);
      refuse(pace, 4, 8);
    });
    await drain();

    expect(calls).toEqual([]);
    expect(pace.postsPerSecond).toBe(CEILING);
  });
});
