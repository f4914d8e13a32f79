import { Server } from "nonsticky";
import * as parser from "socket.io-msgpack-parser";
import { install } from "./features.ts";

export const io = new Server({ parser });

install(io);
