import type { EngineApp } from "../engine.ts";
import type { Letter } from "../letter.ts";
import type { Runtime } from "../runtime.ts";
import type { Session } from "../session.ts";

/** What API Gateway ends a connection with that has sent a binary frame. */
const UNSUPPORTED_DATA = 1003;

/**
 * Tells the log what nothing else tells anybody: a client sent a binary frame, and API Gateway ended its connection.
 * All that its user sees is a reconnect, and another.
 *
 * The status of the end is in the event of `$disconnect`, which direct ordering gets. Mapping templates are not
 * documented to have it, so behind the queue it is told from what is left: a packet whose attachments never came, or a
 * parser that writes bytes, of a client that did not say at its handshake that it would send base64.
 *
 * @see https://docs.aws.amazon.com/apigateway/latest/developerguide/websocket-api-develop-binary-media-types.html
 */
export function warnOfRawBinary(
  { logger }: Runtime,
  app: EngineApp,
  session: Session,
  letter: Letter & { kind: "closed" },
): void {
  const { connectionId } = session;
  if (letter.reason !== "transport close" || connectionId === undefined) return;
  const clue = findClue(app, session, letter.statusCode);
  if (clue === undefined) return;
  logger.warn(
    "it seems that a client sent a binary frame, which API Gateway refuses: clients need the option " +
      "forceBase64: true, those with socket.io-msgpack-parser as well",
    { code: "core.raw_binary", connectionId, clue },
  );
}

function findClue(
  { codec }: EngineApp,
  { handshake, pending }: Session,
  statusCode: number | undefined,
): string | undefined {
  if (statusCode !== undefined) return statusCode === UNSUPPORTED_DATA ? "it was ended with 1003" : undefined;
  if (handshake.query["b64"]) return undefined;
  if (pending !== undefined) return "the attachments of a packet never came";
  return codec?.decodeBinary && "the parser writes bytes, and the client has not said that it sends base64";
}
