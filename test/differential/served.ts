import type { Server as OfficialServer } from "socket.io";
import { Server } from "nonsticky";
import { serve, type TestServer } from "nonsticky/testing";
import { installApps } from "./install.ts";
import { scenarios } from "./scenarios/index.ts";
import { heartbeat } from "./settings.ts";

/** Every scenario's app on our server. The apps are typed against socket.io: what they use, we have. */
export function createIo(): Server {
  const io = new Server(heartbeat);
  installApps(io as unknown as OfficialServer, scenarios);
  return io;
}

/** Three copies of it that take turns: no app may keep anything in variables. */
export const serveOurs = (): Promise<TestServer> => serve(createIo, { instances: 3 });
