import { describe, expect, it } from "vitest";
import { EventStream } from "../../../infra/local/inspector/event-stream.ts";
import type { InspectorEvent, Told } from "../../../infra/local/inspector/inspector-events.ts";

const dead = (letter: string): Told => ({ type: "letter.dead", letter, queue: "q" });

const post = (text: string): Told => ({
  type: "post",
  cause: undefined,
  connection: "c",
  session: undefined,
  text,
  bytes: text.length,
  status: 200,
});

/** About what a packet of a chat tells. */
function tellPacket(stream: EventStream, index: number): void {
  for (let step = 0; step < 8; step += 1) stream.tell(dead(`${index}.${step}`));
  stream.tell(post("x".repeat(500)));
}

describe("the stream of events", () => {
  it("listens while somebody does", () => {
    const stream = new EventStream();
    expect(stream.listening).toBe(false);

    const stop = [stream.subscribe(() => undefined), stream.subscribe(() => undefined)];
    stop[0]?.();
    expect(stream.listening).toBe(true);
    stop[1]?.();

    expect(stream.listening).toBe(false);
  });

  it.each([
    [1, 50],
    [10, 5],
  ])(
    "has fifty packets in a row looked into, and then no more: of %i in a batch %i batches",
    (size, batches) => {
      const stream = new EventStream();
      expect(stream.takesTrace(size)).toBe(false);
      stream.subscribe(() => undefined);

      const begunMs = performance.now();
      let traced = 0;
      while (stream.takesTrace(size)) traced += 1;

      // Twenty-five a second come back while this runs.
      const grown = 1 + Math.ceil(((performance.now() - begunMs) / 1_000) * 25);
      expect(traced).toBeGreaterThanOrEqual(batches);
      expect(traced).toBeLessThanOrEqual(batches + grown);
      stream.stop();
    },
  );

  it("gives events in order, each once, to who was there and to who comes later", () => {
    const stream = new EventStream();
    const [early, late]: InspectorEvent[][] = [[], []];
    const stop = stream.subscribe((events) => early?.push(...events));
    stream.tell(dead("a"));
    stream.tell(dead("b"));
    stream.subscribe((events) => late?.push(...events));
    stream.tell(dead("c"));
    stream.flush();
    stop();

    expect(early?.map(({ n }) => n)).toEqual([1, 2, 3]);
    expect(late).toEqual(early);
    expect(late).toMatchObject([{ letter: "a" }, { letter: "b" }, { letter: "c" }]);
    stream.stop();
  });

  it("gives who comes again what came since, and says that nobody has listened meanwhile", () => {
    const stream = new EventStream();
    const stop = stream.subscribe(() => undefined);
    for (const letter of ["a", "b", "c"]) stream.tell(dead(letter));
    stop();
    const heard: InspectorEvent[] = [];

    stream.subscribe((events) => heard.push(...events), 2);

    expect(heard).toMatchObject([
      { n: 3, letter: "c" },
      { n: 4, type: "gap" },
    ]);
    stream.stop();
  });

  it("keeps the last of ten thousand packets, and counts the others", () => {
    const stream = new EventStream();
    for (let index = 0; index < 10_000; index += 1) tellPacket(stream, index);

    expect(stream.told).toBe(90_000);
    expect(stream.kept + stream.dropped).toBe(90_000);
    expect(stream.kept).toBeLessThanOrEqual(20_000);
    const kept: InspectorEvent[] = [];
    stream.subscribe((events) => kept.push(...events));
    expect(kept.map(({ n }) => n)).toEqual(
      Array.from({ length: stream.kept }, (_, index) => 90_001 - stream.kept + 1 + index),
    );
    expect(kept.at(-1)).toMatchObject({ type: "gap" });
    stream.stop();
  });

  it("keeps no more characters than it may, whatever the events are", () => {
    const stream = new EventStream({ maxCharacters: 100_000 });
    for (let index = 0; index < 10_000; index += 1) stream.tell(post("x".repeat(2_000)));

    const kept: InspectorEvent[] = [];
    stream.subscribe((events) => kept.push(...events));
    expect(JSON.stringify(kept).length).toBeLessThan(110_000);
    expect(kept.length).toBeGreaterThan(30);
    stream.stop();
  });
});
