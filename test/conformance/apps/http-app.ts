import type { Server as OfficialServer } from "socket.io";
import { Server } from "nonsticky";
import { httpSettings } from "../http-settings.ts";
import { installHttp } from "./http.ts";

export const io = new Server(httpSettings);

installHttp(io as unknown as OfficialServer);
