import type { Server as OfficialServer } from "socket.io";
import { Server } from "nonsticky";
import { installApps } from "./install.ts";
import { scenarios } from "./scenarios/index.ts";
import { heartbeat } from "./settings.ts";

/** Every scenario's app on our server, for the local runtime. */
export const io = new Server(heartbeat);

// The apps are typed against socket.io: what they use, we have.
installApps(io as unknown as OfficialServer, scenarios);
