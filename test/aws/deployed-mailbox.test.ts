import { beforeEach, expect, it } from "vitest";
import { createDeployedMailbox, type MailboxWays } from "../../lib/aws/deployed-mailbox.ts";
import type { Letter } from "../../lib/engine/letter.ts";
import type { Mailbox } from "../../lib/engine/mailbox.ts";
import { createMemoryStore, type MemoryStore } from "../../lib/state/memory-store.ts";
import { createOwnedClock, sidOf } from "../state/fixtures.ts";

const letter: Letter = { kind: "closed", sid: sidOf(1), atMs: 1, reason: "transport close" };

let store: MemoryStore;
let sent: [way: string, place: string, letter: Letter][];
let opened: number;
let outages: number;

const wayTo =
  (way: string) =>
  (place: string): Mailbox => {
    opened += 1;
    return {
      send: async (one) => {
        if (outages-- > 0) throw new Error("away");
        sent.push([way, place, one]);
      },
      release: () => Promise.resolve(),
    };
  };
const ways: MailboxWays = { queue: wayTo("queue"), inbox: wayTo("inbox") };

beforeEach(() => {
  store = createMemoryStore({ clock: createOwnedClock() });
  [sent, opened, outages] = [[], 0, 0];
});

it.each([
  [{ mailboxUrl: "https://sqs/q.fifo" }, ["queue", "https://sqs/q.fifo", letter]],
  [{ inboxFunction: "inbox" }, ["inbox", "inbox", letter]],
])("sends where the table says: %j", async (deployment, expected) => {
  await store.saveDeployment({ ...deployment, savedAtMs: 1 });

  await createDeployedMailbox(store, ways).send(letter);

  expect(sent).toEqual([expected]);
});

it("looks once for any number of letters, and not before the first", async () => {
  let lookups = 0;
  const counting = {
    ...store,
    getDeployment: () => {
      lookups += 1;
      return Promise.resolve({ mailboxUrl: "https://sqs/q.fifo", savedAtMs: 1 });
    },
    saveDeployment: () => Promise.resolve(),
  };
  const mailbox = createDeployedMailbox(counting, ways);
  expect(lookups).toBe(0);

  await Promise.all([mailbox.send(letter), mailbox.send(letter)]);
  await mailbox.send(letter);

  expect({ lookups, opened, sent: sent.length }).toEqual({ lookups: 1, opened: 1, sent: 3 });
});

it("rejects while the table does not say, and finds what is deployed later", async () => {
  const mailbox = createDeployedMailbox(store, ways);

  await expect(mailbox.send(letter)).rejects.toThrow(expect.objectContaining({ code: "aws.no_deployment" }));
  await store.saveDeployment({ mailboxUrl: "https://sqs/q.fifo", savedAtMs: 1 });
  await mailbox.send(letter);

  expect(sent).toHaveLength(1);
});

it("looks again after a letter that could not be sent", async () => {
  await store.saveDeployment({ mailboxUrl: "https://sqs/old.fifo", savedAtMs: 1 });
  const mailbox = createDeployedMailbox(store, ways);
  outages = 1;
  await expect(mailbox.send(letter)).rejects.toThrow("away");
  await store.saveDeployment({ mailboxUrl: "https://sqs/new.fifo", savedAtMs: 2 });

  await mailbox.send(letter);

  expect(sent).toEqual([["queue", "https://sqs/new.fifo", letter]]);
});
