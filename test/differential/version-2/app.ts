import type { Server as OfficialServer } from "socket.io";
import { Server } from "nonsticky";
import { installForVersion2 } from "./install.ts";
import { version2Settings } from "./settings.ts";

export const io = new Server(version2Settings);

installForVersion2(io as unknown as OfficialServer);
