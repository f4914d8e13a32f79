import type { IncomingMessage } from "node:http";
import type { RequestRecord } from "../../state/records.ts";

/** Of what middlewares add to a request: a user, a session. It lies in the row of the handshake. */
const MAX_KEPT_BYTES = 64 * 1024;

/** Of what libraries keep on a request for themselves, and make anew. */
const OF_LIBRARIES = new Set(["sessionStore", "sessionID", "session", "_parsedUrl", "_parsedOriginalUrl"]);

/** A store of express-session, as its library defines it. */
interface SessionStore {
  readonly constructor: { readonly name: string };
  readonly sessions?: unknown;
}

/**
 * What the middlewares of the handshake have put on its request, as far as JSON holds it. A session of express-session
 * comes with its id, and with which of the middlewares knows its store. What cannot be kept is named, and told of when
 * a handler asks for it.
 */
export function keepRequest(
  request: IncomingMessage,
  own: ReadonlySet<string>,
  source: number | undefined,
): RequestRecord {
  const values: Record<string, string> = {};
  const lost: string[] = [];
  let bytes = 0;
  const added = request as unknown as Readonly<Record<string, unknown>>;
  for (const name of Object.keys(request)) {
    if (own.has(name) || OF_LIBRARIES.has(name) || added[name] === undefined) continue;
    const text = toJson(added[name]);
    bytes += Buffer.byteLength(text ?? "");
    if (text === undefined || bytes > MAX_KEPT_BYTES) lost.push(name);
    else values[name] = text;
  }
  const { session, sessionID, sessionStore } = added;
  if (typeof session !== "object" || session === null) return { values, lost };
  const text = JSON.stringify(session);
  if (bytes + Buffer.byteLength(text) > MAX_KEPT_BYTES) return { values, lost: [...lost, "session"] };
  return {
    values,
    lost,
    session: {
      data: text,
      ...(typeof sessionID === "string" && source !== undefined
        ? { id: sessionID, source: `engine ${source}` }
        : {}),
      ...(isInMemory(sessionStore) ? { inMemory: true } : {}),
    },
  };
}

/** The store that express-session makes where it is given none: the memory of one process. */
export const isInMemory = (store: unknown): boolean =>
  typeof store === "object" && store !== null && (store as SessionStore).constructor.name === "MemoryStore";

/** Undefined: JSON would make something else of it. A value that says itself how it is written is taken at its word. */
function toJson(value: unknown): string | undefined {
  if (typeof value === "function" || typeof value === "symbol" || typeof value === "bigint") return undefined;
  if (typeof value === "object" && value !== null && !isWritable(value)) return undefined;
  try {
    return JSON.stringify(value);
  } catch {
    return undefined;
  }
}

function isWritable(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return (
    Array.isArray(value) ||
    prototype === Object.prototype ||
    prototype === null ||
    typeof (value as { toJSON?: unknown }).toJSON === "function"
  );
}
