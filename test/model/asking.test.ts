import type * as crypto from "node:crypto";
import { describe, it, vi } from "vitest";
import { collect } from "../state/fixtures.ts";
import type { Model } from "./explorer.ts";
import { seat } from "./guest.ts";
import { expectSafe, expectViolated, MODEL_TIMEOUT_MS } from "./verify.ts";
import { World, type Instance } from "./world.ts";

/** Schedules are compared by what their steps are called, and the id is in a question's frame. */
const ID = 7;
vi.mock("node:crypto", async (original) => ({
  ...(await original<typeof crypto>()),
  randomInt: () => ID,
}));

interface Outcome {
  readonly error?: string;
  readonly responses: readonly unknown[];
}

type Ask = (instance: Instance) => Promise<Outcome>;

const ask: Ask = ({ io }) =>
  io
    .to("lobby")
    .timeout(60)
    .emitWithAck("question")
    .then(
      (responses: unknown[]) => ({ responses }),
      (error: Error & { responses: unknown[] }) => ({ error: error.message, responses: error.responses }),
    );

/**
 * A script asks two clients, each of which answers twice; every answer is an invocation of its own. `ticks`: how often
 * time may pass at any moment; otherwise it does when nothing else can happen, so that nobody is late.
 */
const askTwo =
  (script: Ask, ticks: number, judge: (outcome: Outcome) => string | undefined): Model =>
  async (schedule) => {
    const world = new World(schedule);
    let outcome: Outcome | undefined;
    for (const index of [1, 2]) {
      const guest = await seat(world, index, { rooms: ["lobby"] });
      const answer = guest.frame(`43${ID}[${index}]`);
      world.connections.get(guest.connectionId)!.listener = {
        touches: [world.queue.touches(answer)],
        onFrame: () => {
          for (let n = 0; n < (index === 1 ? 2 : 1); n++) world.queue.append(answer);
        },
        onEnd: () => undefined,
      };
    }
    if (ticks > 0) schedule.allowTicks("asker", { atOnce: 0, atAnyTime: ticks });
    world.runScript("asker", async (instance) => {
      outcome = await script(instance);
    });
    return async () => {
      if (world.errors.length > 0) return `expected no errors, got ${String(world.errors)}`;
      return outcome === undefined ? "nobody was told how it ended" : judge(outcome);
    };
  };

const tell = ({ error, responses }: Outcome): string =>
  `${error ?? "no error"}, ${JSON.stringify(responses)}`;

/** Everybody had the time to answer. */
const everyone = (outcome: Outcome): string | undefined =>
  tell({ ...outcome, responses: outcome.responses.toSorted() }) === "no error, [1,2]"
    ? undefined
    : `an answer was lost or doubled: ${tell(outcome)}`;

/** Whoever is missing is the reason of the error, and of nothing else. */
const someone = (outcome: Outcome): string | undefined => {
  const { error, responses } = outcome;
  if (new Set(responses).size < responses.length) return `an answer was counted twice: ${tell(outcome)}`;
  const isComplete = responses.length === 2;
  return isComplete === (error === undefined) ? undefined : `the error is wrong: ${tell(outcome)}`;
};

/**
 *     asker     stores a row for each client, posts the question, reads, waits, reads
 *     answers   one conditional write each, on any instance, before, between and after the reads
 */
describe("a question to two clients", { timeout: MODEL_TIMEOUT_MS }, () => {
  it("loses no answer and counts none twice", async () => {
    await expectSafe("answers in time", askTwo(ask, 0, everyone));
  });

  it("has an error if and only if somebody is missing, whenever time is up", async () => {
    await expectSafe("answers and the timeout", askTwo(ask, 2, someone));
  });

  it("would lose answers if the rows came after the posts", async () => {
    const askCarelessly: Ask = async ({ runtime: { store, transport, clock } }) => {
      const members = await collect(store.listRoomMembers("/", "lobby"));
      for (const { route } of members) {
        if (route.kind === "connection") await transport.post(route.connectionId, `42${ID}["question"]`);
      }
      const sids = members.map(({ sid }) => sid);
      await store.expectAnswers({ ackId: ID, nsp: "/", sids, expiresAtSeconds: 1e10 });
      await clock.sleep(25);
      const answers = await store.listAnswers(ID);
      return { responses: answers.map(({ messages }) => Number(String(messages[0]).slice(-2, -1))) };
    };

    await expectViolated("rows after the posts", askTwo(askCarelessly, 0, everyone), "an answer was lost");
  });
});
