import { afterAll, beforeAll } from "vitest";
import type { Server as OfficialServer, ServerOptions as OfficialOptions } from "socket.io";
import { Server, type ServerOptions } from "nonsticky";
import { serve, type TestServer } from "nonsticky/testing";
import { startOfficial, type RunningServer } from "../support/official-server.ts";

/** Where both servers are, while the tests run of the suite that has started them. */
export interface BothServers {
  readonly official: string;
  readonly ours: string;
}

/**
 * Starts the official server and ours with the same app and the same options, around the tests of this suite. Of ours
 * there are three copies that take turns: no app may keep anything in variables. Apps are typed against socket.io; what
 * they use, we have.
 */
export function startBothServers(
  install: (io: OfficialServer) => void,
  options: ServerOptions & Partial<OfficialOptions>,
): BothServers {
  let official: RunningServer | undefined;
  let ours: TestServer | undefined;
  const createIo = (): Server => {
    const io = new Server(options);
    install(io as unknown as OfficialServer);
    return io;
  };

  beforeAll(async () => {
    [official, ours] = await Promise.all([
      startOfficial(install, options),
      serve(createIo, { instances: 3 }),
    ]);
  });

  afterAll(async () => {
    await Promise.all([official?.stop(), ours?.close()]);
  });

  return {
    get official() {
      return official?.url ?? "";
    },
    get ours() {
      return ours?.url ?? "";
    },
  };
}
