import { Server } from "nonsticky";
import { install, type Community } from "./app.ts";

export const io: Community = new Server({ connectionStateRecovery: {} });

install(io);
