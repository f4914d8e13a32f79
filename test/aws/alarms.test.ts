import type { SQSRecord } from "aws-lambda";
import { describe, expect, it } from "vitest";
import { createDeployedAlarms } from "../../lib/aws/deployed-alarms.ts";
import { createInboxHandler } from "../../lib/aws/inbox-handler.ts";
import { createSqsAlarms, fromAlarmRecord } from "../../lib/aws/sqs-alarms.ts";
import type { Alarm } from "../../lib/engine/alarms/alarm.ts";
import { placeOf, toTimerEntry } from "../../lib/engine/alarms/timer-rows.ts";
import type { AwsClient } from "../../lib/requests/aws-client.ts";
import type { SendMessageCommand } from "../../lib/requests/queue-client.ts";
import { createMemoryStore } from "../../lib/state/memory-store.ts";
import { createOwnedClock, START_MS } from "../state/fixtures.ts";
import { Rig } from "../support/rig.ts";

const queueUrl = "https://sqs.eu-central-1.amazonaws.com/123456789012/nonsticky-dev-Alarms";
const alarm: Alarm = { of: "timer", name: "grace", key: 'ada "\ufffe"', version: "v1" };

function recording() {
  const inputs: Record<string, unknown>[] = [];
  const client = {
    send: (command: SendMessageCommand) => {
      inputs.push({ ...command.input });
      return Promise.resolve({});
    },
  };
  return { client: client as unknown as AwsClient, inputs };
}

/** A message as Lambda hands it over, `elapsedMs` after it was sent. */
const toRecord = (body: unknown, elapsedMs: number): SQSRecord =>
  ({
    messageId: "m-1",
    body: String(body),
    attributes: {
      SentTimestamp: "1000000",
      ApproximateFirstReceiveTimestamp: String(1_000_000 + elapsedMs),
      ApproximateReceiveCount: "1",
    },
  }) as SQSRecord;

describe("an alarm in the queue", () => {
  it.each([
    [1_000, 1],
    [5_000, 5],
    [5_100, 5],
    [5_500, 5],
    [5_501, 6],
    [0, 0],
    [899_999, 900],
    [900_000, 900],
    [2_592_000_000, 900],
  ])("of %i ms is delayed by %i s", async (inMs, DelaySeconds) => {
    const { client, inputs } = recording();

    await createSqsAlarms(client, queueUrl).set(alarm, { inMs });

    expect(inputs).toMatchObject([{ QueueUrl: queueUrl, DelaySeconds }]);
    expect(inputs[0]).not.toHaveProperty("MessageGroupId");
  });

  it("comes with what is left, by the queue's own clock", async () => {
    const { client, inputs } = recording();
    await createSqsAlarms(client, queueUrl).set(alarm, { inMs: 5_100 });

    expect(fromAlarmRecord(toRecord(inputs[0]!["MessageBody"], 5_020))).toEqual({
      alarm,
      id: "m-1",
      dueAtMs: 1_005_100,
      leftMs: 80,
    });
  });

  it("keeps to the time that it was given before, however long it took to be sent on", async () => {
    const { client, inputs } = recording();
    await createSqsAlarms(client, queueUrl).set(alarm, { inMs: 60_000, dueAtMs: 1_040_000 });

    expect(fromAlarmRecord(toRecord(inputs[0]!["MessageBody"], 60_030))).toMatchObject({
      dueAtMs: 1_040_000,
      leftMs: -20_030,
    });
  });

  it("is told from a letter", () => {
    expect(fromAlarmRecord(toRecord('{"kind":"timer","sid":"x"}', 0))).toBeUndefined();
    expect(fromAlarmRecord(toRecord("MESSAGE,sid,connection=,1,Mw==", 0))).toBeUndefined();
  });
});

describe("the inbox function", () => {
  it("makes letters of alarms that are due, and reports those that failed", async () => {
    const rig = new Rig(() => undefined);
    const [{ runtime, app }] = rig.instances as [Rig["instances"][0]];
    const { client, inputs } = recording();
    for (const key of ["a", "b", "gone"]) {
      if (key !== "gone")
        await rig.store.putShared(
          placeOf({ ...alarm, key }),
          toTimerEntry({ version: "v1", dueAtMs: rig.clock.nowMs() }),
        );
      await createSqsAlarms(client, queueUrl).set({ ...alarm, key }, { inMs: 1_000 });
    }
    const { send } = runtime.mailbox;
    runtime.mailbox.send = (letter) =>
      letter.kind === "timer" && letter.key === "b"
        ? Promise.reject(new Error("away"))
        : Reflect.apply(send, rig.mailbox, [letter]);
    const Records = inputs.map(({ MessageBody }, index) => ({
      ...toRecord(MessageBody, 1_000),
      messageId: `m-${index}`,
    }));

    const answer = await createInboxHandler(runtime, app)({ Records });

    expect(answer).toEqual({ batchItemFailures: [{ itemIdentifier: "m-1" }] });
    expect(rig.mailbox.sent).toMatchObject([{ kind: "timer", name: "grace", key: "a", dueAtMs: 1_001_000 }]);
  });
});

describe("the alarms of a deployment that the table tells of", () => {
  const open = (sent: unknown[]) => (url: string) => ({
    set: async (...args: unknown[]) => void sent.push([url, ...args]),
  });

  it("are set in its queue", async () => {
    const store = createMemoryStore({ clock: createOwnedClock() });
    await store.saveDeployment({ mailboxUrl: "mailbox", alarmsUrl: queueUrl, savedAtMs: START_MS });
    const sent: unknown[] = [];

    await createDeployedAlarms(store, open(sent)).set(alarm, { inMs: 1_000 });

    expect(sent).toEqual([[queueUrl, alarm, { inMs: 1_000 }]]);
  });

  it.each([
    [{ mailboxUrl: "mailbox" }, "core.timers_off"],
    [{ inboxFunction: "inbox" }, "core.timers_unordered"],
    [undefined, "core.timers_off"],
  ])("are refused by name where it has none: %j", async (deployment, code) => {
    const store = createMemoryStore({ clock: createOwnedClock() });
    if (deployment) await store.saveDeployment({ ...deployment, savedAtMs: START_MS });
    const alarms = createDeployedAlarms(store, open([]));

    await expect(alarms.set(alarm, { inMs: 1_000 })).rejects.toMatchObject({ code });
    await store.saveDeployment({ mailboxUrl: "mailbox", alarmsUrl: queueUrl, savedAtMs: START_MS });
    await expect(alarms.set(alarm, { inMs: 1_000 })).resolves.toBeUndefined();
  });
});
