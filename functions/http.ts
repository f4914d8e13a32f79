import * as app from "#app";
import { createHttpHandler } from "../lib/aws/http-handler.ts";
import { createHandlers } from "../lib/lambda.ts";

const handlers = createHandlers(app);
export const handler = handlers.handle(createHttpHandler);
export const { describe } = handlers;
