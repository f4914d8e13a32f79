import * as app from "#app";
import { createHandlers } from "../lib/lambda.ts";

export const { inbox: handler, describe } = createHandlers(app);
