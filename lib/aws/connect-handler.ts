import type { APIGatewayRequestAuthorizerEvent, APIGatewayAuthorizerResult } from "aws-lambda";
import { admit, type Arrival } from "../engine/handshake/admission.ts";
import type { EngineApp } from "../engine/engine.ts";
import type { Ports } from "../engine/runtime.ts";
import { protocolOf, toConnectionId, type Sid } from "../ids.ts";
import { toAckPrefix } from "../protocol/dialect.ts";
import { clientAddress } from "./client-address.ts";

/**
 * The authorizer of `$connect`: the only place that sees headers and query, and whose context, the session id, API
 * Gateway repeats with every later message of the connection. A refused client gets 403.
 */
export const createConnectHandler =
  (ports: Pick<Ports, "store" | "clock" | "logger" | "metrics" | "watch">, app: EngineApp, trustedHops = 0) =>
  async (event: APIGatewayRequestAuthorizerEvent): Promise<APIGatewayAuthorizerResult> => {
    const admission = await admit(ports, app, toArrival(event, trustedHops));
    if (admission.admitted) return toPolicy(event.methodArn, "Allow", toContext(admission.sid, app));
    ports.metrics?.add("ConnectionsRefused", 1, String(admission.code));
    ports.logger.info("a connection was refused", {
      code: admission.code,
      reason: admission.message,
      ...(admission.error === undefined ? {} : { error: admission.error }),
    });
    return toPolicy(event.methodArn, "Deny", {});
  };

/** `acks` tells the mapping template how the acks of this client begin, where not like those of the stock parser. */
function toContext(sid: Sid, { codec }: EngineApp): Record<string, string> {
  const acks = toAckPrefix(codec, protocolOf(sid));
  return acks === undefined ? { sid } : { sid, acks };
}

function toArrival(event: APIGatewayRequestAuthorizerEvent, trustedHops: number): Arrival {
  const { headers, queryStringParameters, requestContext } = event;
  const { connectionId, identity } = requestContext as typeof requestContext & { connectionId: string };
  const lowerCase = mapValues(headers ?? {}, (name) => name.toLowerCase());
  return {
    connectionId: toConnectionId(connectionId),
    headers: lowerCase,
    secure: lowerCase["x-forwarded-proto"] === "https",
    query: mapValues(queryStringParameters ?? {}, (name) => name),
    address: clientAddress(lowerCase["x-forwarded-for"], identity.sourceIp, trustedHops),
  };
}

/** Entries with a value, under a changed name. */
const mapValues = (
  values: Readonly<Record<string, string | undefined>>,
  toName: (name: string) => string,
): Record<string, string> =>
  Object.fromEntries(
    Object.entries(values).flatMap(([name, value]) => (value === undefined ? [] : [[toName(name), value]])),
  );

const toPolicy = (
  methodArn: string,
  Effect: "Allow" | "Deny",
  context: Record<string, string>,
): APIGatewayAuthorizerResult => ({
  principalId: context["sid"] ?? "refused",
  policyDocument: {
    Version: "2012-10-17",
    Statement: [{ Action: "execute-api:Invoke", Effect, Resource: methodArn }],
  },
  context,
});
