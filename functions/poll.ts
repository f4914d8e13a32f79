import * as app from "#app";
import { createHandlers } from "../lib/lambda.ts";

export const { poll: handler, describe } = createHandlers(app);
