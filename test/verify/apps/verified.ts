import { Server } from "nonsticky";
import { installVerification } from "../../../lib/verify.ts";

export const io = new Server();

installVerification(io);
