import * as app from "#app";
import { createFanOutHandler } from "../lib/aws/fan-out-handler.ts";
import { serveApp } from "../lib/app-functions.ts";

const served = serveApp(app);
export const handler = served.handle(createFanOutHandler);
export const { describe } = served;
