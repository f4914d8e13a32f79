import type { SQSRecord } from "aws-lambda";
import type { Alarm, AlarmClock, Ringing } from "../engine/alarms/alarm.ts";
import { toQueueText } from "../engine/letter.ts";
import type { AwsClient } from "../requests/aws-client.ts";
import { createSqsSender } from "./sqs-sender.ts";

/** "Valid values: 0 to 900": DelaySeconds of SendMessage, SQS API. FIFO queues take none. */
const LONGEST_DELAY_SECONDS = 900;

/** What is in a message. `dueAtMs` is by the queue's clock; without it, `inMs` counts from when the queue got it. */
interface Message extends Alarm {
  readonly kind: "alarm";
  readonly inMs: number;
  readonly dueAtMs?: number;
}

/** How early a message may come: what waits for the rest holds an execution. Otherwise it is up to the rest of a second late. */
const EARLIEST_SECONDS = 0.5;

/** A standard queue whose messages are delayed, each by the seconds that are left until it is due. */
export function createSqsAlarms(client: AwsClient, queueUrl: string): AlarmClock {
  const send = createSqsSender(client, queueUrl);
  return {
    set: async (alarm, time) => {
      const message: Message = { kind: "alarm", ...alarm, ...time };
      await send({
        MessageBody: toQueueText(message),
        DelaySeconds: Math.min(LONGEST_DELAY_SECONDS, toDelaySeconds(time.inMs)),
      });
    },
  };
}

const toDelaySeconds = (inMs: number): number => Math.max(0, Math.ceil(inMs / 1000 - EARLIEST_SECONDS));

/** An alarm, if the message is one. What is left is told by the queue's own time stamps. */
export function fromAlarmRecord({ body, messageId, attributes }: SQSRecord): Ringing | undefined {
  if (!body.startsWith('{"kind":"alarm"')) return undefined;
  const { of, name, key, version, inMs, dueAtMs: given } = JSON.parse(body) as Message;
  const dueAtMs = given ?? Number(attributes.SentTimestamp) + inMs;
  return {
    alarm: { of, name, key, version },
    id: messageId,
    dueAtMs,
    leftMs: dueAtMs - Number(attributes.ApproximateFirstReceiveTimestamp),
  };
}
