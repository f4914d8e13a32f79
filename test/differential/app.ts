import type { Server as OfficialServer } from "socket.io";
import { Server } from "nonsticky";
import { installApps } from "./install.ts";
import { heartbeat } from "./settings.ts";
import { scenarios } from "./scenarios/index.ts";

/** Every scenario's app on our server. The apps are typed against socket.io: what they use, we have. */
export const io = new Server(heartbeat);

installApps(io as unknown as OfficialServer, scenarios);
