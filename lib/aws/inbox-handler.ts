import type { APIGatewayProxyResultV2, Context, SQSBatchResponse, SQSEvent } from "aws-lambda";
import type { EngineApp } from "../engine/engine.ts";
import { ringAlarms } from "../engine/alarms/ring-alarms.ts";
import { Inbox } from "../engine/inbox/inbox.ts";
import type { Delivery, Letter } from "../engine/letter.ts";
import type { Runtime } from "../engine/runtime.ts";
import { AwsError } from "./errors.ts";
import { fromAlarmRecord } from "./sqs-alarms.ts";
import { fromRouteEvent, fromSqsRecord, type RouteEvent } from "./letters.ts";

/** A batch of the mailbox; in direct ordering a WebSocket route, or a letter invoked asynchronously. */
export type InboxEvent = SQSEvent | RouteEvent | Letter;

/**
 * Where all code of the app runs. Whatever happens inside, a WebSocket route is answered 200: of anything else API
 * Gateway makes a JSON frame of its own, which ends the client's stream with a parse error.
 */
export function createInboxHandler(runtime: Runtime, app: EngineApp) {
  const inbox = new Inbox(runtime, app);
  return async (
    event: InboxEvent,
    context?: Pick<Context, "getRemainingTimeInMillis">,
  ): Promise<SQSBatchResponse | APIGatewayProxyResultV2 | undefined> => {
    const leftMs = context?.getRemainingTimeInMillis();
    const deadlineMs = leftMs === undefined ? undefined : runtime.clock.nowMs() + leftMs;
    if ("Records" in event) return receiveBatch(runtime, inbox, event, deadlineMs);
    if ("requestContext" in event) return receiveRoute(runtime, inbox, event, deadlineMs);
    const letter = { letter: event, id: "asynchronous", redelivered: false };
    const failed = await inbox.receive([letter], deadlineMs);
    // Lambda invokes again what was invoked asynchronously and failed, which is the redelivery of this ordering.
    if (failed.length > 0)
      throw new AwsError("aws.letter_failed", "expected a letter to be handled, got a failure");
    return undefined;
  };
}

async function receiveBatch(
  runtime: Runtime,
  inbox: Inbox,
  { Records }: SQSEvent,
  deadlineMs: number | undefined,
): Promise<SQSBatchResponse> {
  // A mapping takes out of one queue, so a batch has alarms alone or none.
  const ringing = Records.flatMap((record) => fromAlarmRecord(record) ?? []);
  if (ringing.length > 0) {
    const failed = await ringAlarms(runtime, ringing);
    return { batchItemFailures: failed.map((itemIdentifier) => ({ itemIdentifier })) };
  }
  const deliveries = Records.flatMap((record): Delivery[] => {
    try {
      return [fromSqsRecord(record)];
    } catch (error) {
      runtime.logger.error("a message is no letter and is dropped", { messageId: record.messageId, error });
      return [];
    }
  });
  const failed = await inbox.receive(deliveries, deadlineMs);
  return { batchItemFailures: failed.map((itemIdentifier) => ({ itemIdentifier })) };
}

async function receiveRoute(
  runtime: Runtime,
  inbox: Inbox,
  event: RouteEvent,
  deadlineMs: number | undefined,
): Promise<APIGatewayProxyResultV2> {
  try {
    const delivery = fromRouteEvent(event);
    // OPEN cannot be posted before this very answer, so it is left to another invocation.
    if (delivery.letter.kind === "opened") await runtime.mailbox.send(delivery.letter);
    else await inbox.receive([delivery], deadlineMs);
  } catch (error) {
    const { routeKey, connectionId } = event.requestContext;
    runtime.logger.error("a WebSocket route failed", { routeKey, connectionId, error });
  }
  return { statusCode: 200 };
}
