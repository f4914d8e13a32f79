import type { Server as OfficialServer } from "socket.io";
import { Server } from "nonsticky";
import { quickSettings } from "../settings.ts";
import { installTable } from "./table.ts";

export const io = new Server(quickSettings);

installTable(io as unknown as OfficialServer);
