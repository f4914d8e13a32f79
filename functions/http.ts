import * as app from "#app";
import { createHttpHandler } from "../lib/aws/http-handler.ts";
import { serveApp } from "../lib/app-functions.ts";

const served = serveApp(app);
export const handler = served.handle(createHttpHandler);
export const { describe } = served;
