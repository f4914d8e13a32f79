import { beforeEach, expect, it } from "vitest";
import type { AnswerRecord } from "../../../lib/state/ack-store.ts";
import { MAX_ANSWER_BYTES } from "../../../lib/state/row-limits.ts";
import type { Store } from "../../../lib/state/store.ts";
import type { MakeStore } from "./make-store.ts";
import { answerOf, createOwnedClock, questionOf, sidOf, START_MS } from "../fixtures.ts";

export function describeAcks(makeStore: MakeStore): void {
  let clock = createOwnedClock();
  let store: Store;
  beforeEach(async () => {
    clock = createOwnedClock();
    store = await makeStore({ clock, pageLimit: 3 });
  });

  const bySid = (answers: readonly AnswerRecord[]) =>
    answers.toSorted((a, b) => (a.sid < b.sid ? -1 : 1)).map(toPlain);
  const toPlain = (answer: AnswerRecord) => ({
    ...answer,
    messages: answer.messages.map((message) => (typeof message === "string" ? message : [...message])),
  });

  it("lists what those who were asked have answered so far", async () => {
    await store.expectAnswers(questionOf([1, 2, 3]));

    expect(await store.saveAnswer(answerOf(3, ['37["c"]']))).toBe(true);
    expect(await store.listAnswers(7)).toStrictEqual([answerOf(3, ['37["c"]'])]);

    expect(await store.saveAnswer(answerOf(1, ['37["a"]']))).toBe(true);
    expect(bySid(await store.listAnswers(7))).toEqual(
      bySid([answerOf(1, ['37["a"]']), answerOf(3, ['37["c"]'])]),
    );
  });

  it("keeps an answer of any messages: text, bytes, and nothing at all", async () => {
    const messages = [
      '617-["€\u0000",{"_placeholder":true,"num":0}]',
      "",
      new Uint8Array(),
      Buffer.from([0, 255]),
    ];
    await store.expectAnswers(questionOf([1, 2]));

    await store.saveAnswer(answerOf(1, messages));
    await store.saveAnswer(answerOf(2, []));

    expect(bySid(await store.listAnswers(7))).toEqual(bySid([answerOf(1, messages), answerOf(2, [])]));
    for (const { messages: each } of await store.listAnswers(7))
      expect(each.every((message) => typeof message === "string" || message instanceof Uint8Array)).toBe(
        true,
      );
  });

  it("takes the first answer of a session and no other", async () => {
    await store.expectAnswers(questionOf([1]));

    const saved = await Promise.all([
      store.saveAnswer(answerOf(1, ['37["same"]'])),
      store.saveAnswer(answerOf(1, ['37["same"]'])),
    ]);

    expect(saved.toSorted()).toEqual([false, true]);
    expect(await store.saveAnswer(answerOf(1, ['37["other"]']))).toBe(false);
    expect(await store.listAnswers(7)).toStrictEqual([answerOf(1, ['37["same"]'])]);
  });

  const forged: readonly [string, AnswerRecord][] = [
    ["of a session that was not asked", answerOf(2, ["370"])],
    ["under another id", answerOf(1, ["370"], { ackId: 8 })],
    ["under an id that no question can have", answerOf(1, ["370"], { ackId: 1e30 })],
    ["in another namespace", answerOf(1, ["370"], { nsp: "/other" })],
  ];
  it.each(forged)("refuses an answer %s", async (_, answer) => {
    await store.expectAnswers(questionOf([1]));

    expect(await store.saveAnswer(answer)).toBe(false);
    expect(await store.listAnswers(7)).toEqual([]);
    expect(await store.listAnswers(answer.ackId)).toEqual([]);
  });

  it("takes no answer, and tells of none, from the expiry of the question on", async () => {
    await store.expectAnswers(questionOf([1, 2]));
    await store.saveAnswer(answerOf(1, ["370"]));

    clock.set(questionOf([]).expiresAtSeconds * 1000 - 1);
    expect(await store.listAnswers(7)).toHaveLength(1);
    clock.set(questionOf([]).expiresAtSeconds * 1000);

    expect(await store.listAnswers(7)).toEqual([]);
    expect(await store.saveAnswer(answerOf(2, ["370"]))).toBe(false);
  });

  it("keeps an answer no longer than its question, also when it came late", async () => {
    await store.expectAnswers(questionOf([1]));
    clock.set(questionOf([]).expiresAtSeconds * 1000 - 1);
    expect(await store.saveAnswer(answerOf(1, ["370"]))).toBe(true);

    clock.set(questionOf([]).expiresAtSeconds * 1000);

    expect(await store.listAnswers(7)).toEqual([]);
  });

  it("asks more sessions than a batch takes, one of them twice, and lists their answers over many pages", async () => {
    const indexes = Array.from({ length: 60 }, (_, index) => index);
    await store.expectAnswers(questionOf([...indexes, 5]));

    const saved = await Promise.all(
      indexes.map((index) => store.saveAnswer(answerOf(index, [`37[${index}]`]))),
    );

    expect(saved).toEqual(indexes.map(() => true));
    expect(bySid(await store.listAnswers(7))).toEqual(
      bySid(indexes.map((index) => answerOf(index, [`37[${index}]`]))),
    );
  });

  it("asks nobody", async () => {
    await store.expectAnswers(questionOf([]));

    expect(await store.listAnswers(7)).toEqual([]);
  });

  it("keeps apart the greatest id and the one before it, and questions of several namespaces", async () => {
    const greatest = { ackId: Number.MAX_SAFE_INTEGER, nsp: "" };
    const before = { ackId: Number.MAX_SAFE_INTEGER - 1, nsp: "/chat#7" };
    await store.expectAnswers(questionOf([1], greatest));
    await store.expectAnswers(questionOf([1], before));

    expect(await store.saveAnswer(answerOf(1, ["a"], greatest))).toBe(true);
    expect(await store.saveAnswer(answerOf(1, ["b"], before))).toBe(true);

    expect(await store.listAnswers(greatest.ackId)).toStrictEqual([answerOf(1, ["a"], greatest)]);
    expect(await store.listAnswers(before.ackId)).toStrictEqual([answerOf(1, ["b"], before)]);
  });

  it("takes an answer of the largest size, and writes nothing of one that is larger", async () => {
    const half = new Uint8Array(MAX_ANSWER_BYTES / 2 - 4).fill(7);
    await store.expectAnswers(questionOf([1, 2]));

    await expect(store.saveAnswer(answerOf(2, [half, half, ""]))).rejects.toMatchObject({
      code: "state.answer_too_large",
    });
    expect(await store.saveAnswer(answerOf(1, [half, "x".repeat(half.length)]))).toBe(true);
    expect((await store.listAnswers(7)).map(({ sid }) => sid)).toEqual([sidOf(1)]);

    expect(await store.saveAnswer(answerOf(2, ["370"], { atMs: START_MS + 1 }))).toBe(true);
  });
}
