import type { Server as OfficialServer } from "socket.io";
import { Server } from "nonsticky";
import { settings } from "../settings.ts";
import { installTable } from "./table.ts";

export const io = new Server(settings);

installTable(io as unknown as OfficialServer);
