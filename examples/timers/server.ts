import { Server } from "nonsticky";
import { install } from "./app.ts";

export const io = new Server();
install(io);
