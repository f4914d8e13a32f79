import { CoreError } from "../engine/errors.ts";
import { ConfigError } from "../errors.ts";

/** For members of Socket.IO that need a server which listens, or a process that knows its sockets. */
export function refuseMember(code: string, member: string, remedy: string): never {
  throw new CoreError(code, `expected no call of ${member}, for there is no server behind it: ${remedy}`, {
    evidence: { member },
  });
}

const REMEDY =
  "serve the app with `nonsticky dev`, with `createHandlers({ io })`, or in tests with `serve(io)` of nonsticky/testing";

/** Nothing listens: the gateway does. */
export const refuseListening = (member: string): never => refuseMember("core.no_server", member, REMEDY);

/** For setters of what the constructor takes; `undefined` asks for the value. */
export function refuseSetting(name: string, value: unknown): void {
  if (value === undefined) return;
  throw new ConfigError(
    "config.set_by_option",
    `expected ${name} to be given to the constructor, new Server({ ${name} }), got a call of io.${name}(…): ` +
      "every instance must have it from the start",
  );
}
