import { beforeEach, expect, it } from "vitest";
import { firstOffset, type Offset } from "../../../lib/ids.ts";
import { isBeyond } from "../../../lib/state/log-bound.ts";
import type { LogRecord } from "../../../lib/state/recovery-store.ts";
import { MAX_LOG_BYTES } from "../../../lib/state/row-limits.ts";
import type { Store } from "../../../lib/state/store.ts";
import type { MakeStore } from "./make-store.ts";
import { createOwnedClock, offsetOf, packetOf, START_MS } from "../fixtures.ts";

const ENDS_AT = START_MS / 1000 + 120;

export function describeLogs(makeStore: MakeStore): void {
  let clock = createOwnedClock();
  let store: Store;
  beforeEach(async () => {
    clock = createOwnedClock();
    store = await makeStore({ clock, pageLimit: 2 });
  });

  const append = (...packets: LogRecord[]) => store.appendLog(packets, ENDS_AT);
  const texts = async (nsp: string, room: string | undefined, from = firstOffset(0)) =>
    (await store.listLog(nsp, room, from)).map(({ messages }) => messages[0]);

  it("lists the packets of a room in the order of their offsets, whenever they were appended", async () => {
    const [a, b, c] = [packetOf(1), packetOf(2), packetOf(3)];
    await append(c, a);
    await append(b);

    expect(await store.listLog("/", "lobby", firstOffset(START_MS))).toStrictEqual([a, b, c]);
  });

  it("begins at an offset, which it includes, or at a moment", async () => {
    await append(...[1, 2, 3, 4].map((index) => packetOf(index)));

    expect(await texts("/", "lobby", offsetOf(3))).toEqual(["packet 3", "packet 4"]);
    expect(await texts("/", "lobby", offsetOf(5))).toEqual([]);
    expect(await texts("/", "lobby", firstOffset(START_MS + 4))).toEqual(["packet 4"]);
    expect(await texts("/", "lobby", firstOffset(START_MS + 5))).toEqual([]);
  });

  it("knows when the last post of a packet had ended, once it was told, of those alone", async () => {
    const packets = [1, 2, 3].map((index) => packetOf(index));
    await append(...packets);

    await store.markLogDone([packetOf(2), packetOf(3)], START_MS + 50, ENDS_AT);

    const done = { doneAtMs: START_MS + 50 };
    const [a, b, c] = packets;
    expect(await store.listLog("/", "lobby", offsetOf(1))).toStrictEqual([
      a,
      { ...b, ...done },
      { ...c, ...done },
    ]);
    expect(await store.listLog("/", "lobby", offsetOf(2))).toStrictEqual([
      { ...b, ...done },
      { ...c, ...done },
    ]);
    expect(await store.listLog("/", "lobby", offsetOf(3))).toStrictEqual([{ ...c, ...done }]);
  });

  it("keeps what it was told of a packet that is appended afterwards, and tells of none that never is", async () => {
    await store.markLogDone([packetOf(1), packetOf(2)], START_MS, ENDS_AT);
    await append(packetOf(2));

    expect(await store.listLog("/", "lobby", firstOffset(0))).toStrictEqual([
      packetOf(2, { doneAtMs: START_MS }),
    ]);
  });

  it("appends and marks again without a trace", async () => {
    await append(packetOf(1));
    await store.markLogDone([packetOf(1)], START_MS, ENDS_AT);
    await append(packetOf(1));
    await store.markLogDone([packetOf(1), packetOf(1)], START_MS, ENDS_AT);

    expect(await store.listLog("/", "lobby", firstOffset(0))).toStrictEqual([
      packetOf(1, { doneAtMs: START_MS }),
    ]);
  });

  it("does not take the word of a packet itself for its end", async () => {
    await append(packetOf(1, { doneAtMs: START_MS }));

    expect(await store.listLog("/", "lobby", firstOffset(0))).toStrictEqual([packetOf(1)]);
  });

  it("keeps a packet of any messages, and who was left out", async () => {
    const packet = packetOf(1, {
      messages: ['51-["a",{"_placeholder":true,"num":0}]', "", new Uint8Array(), new Uint8Array([0, 255])],
      except: ["", "x".repeat(300), "lobby"],
    });
    const empty = packetOf(2, { messages: [] });
    await append(packet, empty);

    const listed = await store.listLog("/", "lobby", firstOffset(0));

    const toPlain = (record: LogRecord | undefined) => ({
      ...record,
      messages: record?.messages.map((message) => (typeof message === "string" ? message : [...message])),
    });
    expect(listed.map(toPlain)).toEqual([packet, empty].map(toPlain));
    expect(listed[0]?.messages[2]).toBeInstanceOf(Uint8Array);
  });

  const places: readonly (readonly [string, string | undefined])[] = [
    ["/", undefined],
    ["/", ""],
    ["/", "*"],
    ["/", "undefined"],
    ["/a", undefined],
    ["/a", "b#c"],
    ["/a#b", "c"],
    ["/a*", undefined],
    ["/", "é".repeat(150)],
    ["/", `${"é".repeat(150)}2`],
    ["/", "x".repeat(1024)],
  ];
  it("keeps everyone in a namespace and each of its rooms apart, whatever they are called", async () => {
    for (const [index, [nsp, room]] of places.entries()) await append(packetOf(index, { nsp, room }));

    for (const [index, [nsp, room]] of places.entries())
      expect(await store.listLog(nsp, room, firstOffset(0))).toStrictEqual([packetOf(index, { nsp, room })]);
  });

  it("appends and marks in more rooms than a batch takes", async () => {
    const packets = Array.from({ length: 60 }, (_, index) => packetOf(1, { room: `room ${index}` }));
    await append(...packets);
    await store.markLogDone(packets, START_MS, ENDS_AT);

    for (const packet of [packets[0]!, packets[59]!])
      expect(await store.listLog("/", packet.room, firstOffset(0))).toStrictEqual([
        { ...packet, doneAtMs: START_MS },
      ]);
  });

  it("lists more than a page of packets with their ends", async () => {
    const packets = Array.from({ length: 30 }, (_, index) => packetOf(index));
    await append(...packets);
    await store.markLogDone(packets.slice(0, 15), START_MS, ENDS_AT);

    expect(await store.listLog("/", "lobby", firstOffset(0))).toStrictEqual(
      packets.map((packet, index) => (index < 15 ? { ...packet, doneAtMs: START_MS } : packet)),
    );
  });

  it.each([
    ["a bound in packets", { packets: 3, bytes: 1_000 }],
    ["a bound in bytes", { packets: 1_000, bytes: 3 * 12 }],
  ])("may end behind %s above an offset, and tells that there is more", async (_, most) => {
    const packets = Array.from({ length: 30 }, (_each, index) => packetOf(index, { messages: ["8 bytes."] }));
    await append(...packets);
    const bound = { above: offsetOf(9), ...most };

    const listed = await store.listLog("/", "lobby", offsetOf(5), bound);
    const whole = await store.listLog("/", "lobby", offsetOf(27), bound);

    expect(listed).toStrictEqual(packets.slice(5, 5 + listed.length));
    expect(isBeyond(listed, bound)).toBe(true);
    expect(whole).toStrictEqual(packets.slice(27));
    expect(isBeyond(whole, bound)).toBe(false);
  });

  it("knows whether a packet is in the log of a room", async () => {
    await append(packetOf(1), packetOf(1, { room: undefined }), packetOf(2, { messages: [] }));
    await store.markLogDone([packetOf(3)], START_MS, ENDS_AT);

    const known = [packetOf(1), packetOf(1, { room: undefined }), packetOf(2)];
    const unknown = [packetOf(3), packetOf(1, { room: "attic" }), packetOf(1, { nsp: "/other" })];
    for (const place of known) expect(await store.isLogged(place)).toBe(true);
    for (const place of unknown) expect(await store.isLogged(place)).toBe(false);
    clock.set(ENDS_AT * 1000 + 1_000);
    expect(await store.isLogged(packetOf(1))).toBe(false);
    await expect(store.isLogged(packetOf(1, { offset: "x" as Offset }))).rejects.toMatchObject({
      code: "state.malformed_offset",
    });
  });

  it("forgets a packet, and an end, each in its time", async () => {
    await append(packetOf(1));
    await store.appendLog([packetOf(2)], ENDS_AT + 60);
    await store.markLogDone([packetOf(1), packetOf(2)], START_MS, ENDS_AT);

    clock.set(ENDS_AT * 1000 - 1);
    expect(await texts("/", "lobby")).toEqual(["packet 1", "packet 2"]);
    clock.set(Math.ceil(ENDS_AT) * 1000);

    expect(await store.listLog("/", "lobby", firstOffset(0))).toStrictEqual([packetOf(2)]);
  });

  it("takes packets of the largest size, and writes nothing when one is larger", async () => {
    const half = new Uint8Array(MAX_LOG_BYTES / 2 - 8).fill(7);
    const largest = packetOf(1, { messages: [half, half], except: ["1234"] });
    const larger = packetOf(3, { messages: [half, half], except: ["12345"] });

    await expect(append(packetOf(2), larger)).rejects.toMatchObject({ code: "state.log_too_large" });
    expect(await texts("/", "lobby")).toEqual([]);

    await append(largest);
    expect((await store.listLog("/", "lobby", firstOffset(0)))[0]?.messages[1]).toHaveLength(half.length);
  });

  it("refuses names and offsets that cannot be, with nothing written", async () => {
    const bad = packetOf(2, { offset: "x".repeat(23) as Offset });
    const malformed = { code: "state.malformed_offset" };

    await expect(append(packetOf(1), bad)).rejects.toMatchObject(malformed);
    await expect(store.markLogDone([bad], START_MS, ENDS_AT)).rejects.toMatchObject(malformed);
    for (const from of ["", "x", "000000000", "00000000A-", offsetOf(1).slice(0, 20), `${offsetOf(1)}~`])
      await expect(store.listLog("/", "lobby", from as Offset)).rejects.toMatchObject(malformed);
    await expect(append(packetOf(1), packetOf(2, { room: "x".repeat(1025) }))).rejects.toMatchObject({
      code: "state.room_too_long",
    });
    await expect(append(packetOf(1), packetOf(2, { except: ["\ud800"] }))).rejects.toMatchObject({
      code: "state.malformed_name",
    });
    await expect(store.listLog("/".repeat(129), undefined, offsetOf(1))).rejects.toMatchObject({
      code: "state.namespace_too_long",
    });
    expect(await texts("/", "lobby")).toEqual([]);
  });
}
