import { Server } from "nonsticky";
import { instrument } from "nonsticky/admin";
import { installCalls } from "./calls.ts";

/** The same with a namespace for the admin page, which nobody has open: it is to cost what it costs without. */
export const io = installCalls(new Server());

instrument(io, { auth: false });
