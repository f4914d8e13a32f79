import * as app from "#app";
import { createHandlers } from "../lib/lambda.ts";

export const handler = createHandlers(app).poll;
