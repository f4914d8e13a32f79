import * as app from "#app";
import { createHandlers } from "../lib/lambda.ts";

export const { heartbeat: handler, describe } = createHandlers(app);
