import { ConfigError } from "../errors.ts";
import { CoreError } from "../engine/errors.ts";

/** For members of Socket.IO that need a server which listens, or a process that knows its sockets. */
export function refuseMember(code: string, member: string, remedy: string): never {
  throw new CoreError(code, `expected no call of ${member}, for there is no server behind it: ${remedy}`, {
    evidence: { member },
  });
}

const REMEDY =
  "write `export const io = new Server(options)`, and serve that with `npm run dev`, `createHandlers({ io })`, " +
  "or in tests `serve(io)` of nonsticky/testing";

/** Nothing listens: the gateway does. */
export const refuseListening = (member: string): never => refuseMember("core.no_server", member, REMEDY);

/** `new Server(3000)`, `new Server(httpServer)`, `new Server(app)`. Throws `config.no_server_to_attach`. */
export function assertNoServer(given: unknown): void {
  const what = describeServer(given);
  if (what === undefined) return;
  throw new ConfigError(
    "config.no_server_to_attach",
    `expected options as the first argument of new Server(), got ${what}; nothing listens on it here: ${REMEDY}`,
  );
}

function describeServer(given: unknown): string | undefined {
  if (given === undefined) return undefined;
  if (typeof given === "number" || typeof given === "string") return `the port ${given}`;
  if (typeof given === "function") return "a function, such as an Express app";
  if (typeof given !== "object" || given === null) return String(given);
  const isServer = "listen" in given && typeof given.listen === "function";
  return isServer ? "a server to attach to" : undefined;
}
