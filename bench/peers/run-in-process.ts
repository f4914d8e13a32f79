/** nonsticky in one process, with state in memory: `nonsticky/testing`. Tells its parent the URL. */
import { serve } from "nonsticky/testing";
import { io } from "./nonsticky-app.ts";

const server = await serve(io);
process.once("disconnect", () => process.exit(0));
process.send?.([server.url]);
