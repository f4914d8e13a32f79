import type { InvocationOutcome } from "../lambda/instance.ts";
import type { AuthorizerSpec } from "../topology.ts";
import type { AuthorizerContext } from "./events.ts";

/** What the authorizer's answer means to the handshake. */
export type Verdict =
  | { readonly kind: "allowed"; readonly principalId: string; readonly context: AuthorizerContext }
  | { readonly kind: "refused"; readonly status: 401 | 403 | 500; readonly message: string };

const MAX_RESULT_BYTES = 8 * 1024;

/** "If a specified identity source is missing, null, or empty" the answer is 401 and the function is not run. */
export function hasIdentity(
  { identitySources }: AuthorizerSpec,
  headers: Readonly<Record<string, string>>,
  query: Readonly<Record<string, string>> | null,
): boolean {
  return identitySources.every((source) => {
    const [, , place, name = ""] = /^(route\.request)\.(header|querystring)\.(.+)$/.exec(source) ?? [];
    if (place === "querystring") return Boolean(query?.[name]);
    if (place !== "header") return true;
    return Object.entries(headers).some(
      ([key, value]) => key.toLowerCase() === name.toLowerCase() && value !== "",
    );
  });
}

/** Reads an IAM policy answer. Thrown "Unauthorized" is 401, a Deny 403, everything unforeseen 500, as in API Gateway. */
export function readVerdict(outcome: InvocationOutcome, methodArn: string): Verdict {
  const broken: Verdict = { kind: "refused", status: 500, message: "Internal server error" };
  if (outcome.kind === "threw" && outcome.message === "Unauthorized") {
    return { kind: "refused", status: 401, message: "Unauthorized" };
  }
  if (outcome.kind !== "answered") return broken;
  const answer = outcome.result as {
    principalId?: unknown;
    policyDocument?: { Statement?: unknown };
    context?: Record<string, unknown>;
  } | null;
  const statements = answer?.policyDocument?.Statement;
  if (answer === null || typeof answer.principalId !== "string" || !Array.isArray(statements)) return broken;
  if (Buffer.byteLength(JSON.stringify(answer)) > MAX_RESULT_BYTES) return broken;
  const context = answer.context ?? {};
  if (!Object.values(context).every(isScalar)) return broken;
  if (!isAllowed(statements, methodArn)) return { kind: "refused", status: 403, message: "Forbidden" };
  return { kind: "allowed", principalId: answer.principalId, context: context as AuthorizerContext };
}

const isScalar = (value: unknown): boolean => ["string", "number", "boolean"].includes(typeof value);

/** An explicit Deny beats every Allow; what no statement names is denied. */
function isAllowed(statements: readonly unknown[], methodArn: string): boolean {
  const effects = statements
    .map((statement) => statement as { Effect?: unknown; Action?: unknown; Resource?: unknown })
    .filter(({ Action }) => matches(Action, "execute-api:Invoke"))
    .filter(({ Resource }) => matches(Resource, methodArn))
    .map(({ Effect }) => Effect);
  return effects.includes("Allow") && !effects.includes("Deny");
}

function matches(patterns: unknown, text: string): boolean {
  return [patterns].flat().some((pattern) => {
    if (typeof pattern !== "string") return false;
    const expression = pattern
      .replace(/[.+^${}()|[\]\\]/g, "\\$&")
      .replaceAll("*", ".*")
      .replaceAll("?", ".");
    return new RegExp(`^${expression}$`, "i").test(text);
  });
}
