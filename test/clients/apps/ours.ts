import { Server } from "nonsticky";
import { install } from "./features.ts";

export const io = new Server();

install(io);
