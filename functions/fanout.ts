import * as app from "#app";
import { createHandlers } from "../lib/lambda.ts";

export const { fanout: handler, describe } = createHandlers(app);
