import { Server } from "nonsticky";
import { play } from "./app.ts";

export const io = new Server();

play(io);
