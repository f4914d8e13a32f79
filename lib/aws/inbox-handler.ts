import type { APIGatewayProxyResultV2, SQSBatchResponse, SQSEvent } from "aws-lambda";
import type { EngineApp } from "../core/engine.ts";
import { Inbox } from "../core/inbox.ts";
import type { Delivery, Letter } from "../core/letter.ts";
import type { Runtime } from "../core/runtime.ts";
import { AwsError } from "./errors.ts";
import { fromRouteEvent, fromSqsRecord, type RouteEvent } from "./letters.ts";

/** A batch of the mailbox; in direct ordering a WebSocket route, or a letter invoked asynchronously. */
export type InboxEvent = SQSEvent | RouteEvent | Letter;

/**
 * Where all code of the app runs. Whatever happens inside, a WebSocket route is answered 200: of anything else API
 * Gateway makes a JSON frame of its own, which ends the client's stream with a parse error.
 */
export function createInboxHandler(runtime: Runtime, app: EngineApp) {
  const inbox = new Inbox(runtime, app);
  return async (event: InboxEvent): Promise<SQSBatchResponse | APIGatewayProxyResultV2 | undefined> => {
    if ("Records" in event) return receiveBatch(runtime, inbox, event);
    if ("requestContext" in event) return receiveRoute(runtime, inbox, event);
    const failed = await inbox.receive([{ letter: event, id: "asynchronous", redelivered: false }]);
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
): Promise<SQSBatchResponse> {
  const deliveries = Records.flatMap((record): Delivery[] => {
    try {
      return [fromSqsRecord(record)];
    } catch (error) {
      runtime.logger.error("a message is no letter and is dropped", { messageId: record.messageId, error });
      return [];
    }
  });
  const failed = await inbox.receive(deliveries);
  return { batchItemFailures: failed.map((itemIdentifier) => ({ itemIdentifier })) };
}

async function receiveRoute(
  runtime: Runtime,
  inbox: Inbox,
  event: RouteEvent,
): Promise<APIGatewayProxyResultV2> {
  try {
    const delivery = fromRouteEvent(event);
    // OPEN cannot be posted before this very answer, so it is left to another invocation.
    if (delivery.letter.kind === "opened") await runtime.mailbox.send(delivery.letter);
    else await inbox.receive([delivery]);
  } catch (error) {
    runtime.logger.error("a WebSocket route failed", { routeKey: event.requestContext.routeKey, error });
  }
  return { statusCode: 200 };
}
