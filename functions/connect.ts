import * as app from "#app";
import { createHandlers } from "../lib/lambda.ts";

export const { connect: handler, describe } = createHandlers(app);
