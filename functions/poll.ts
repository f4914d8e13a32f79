import * as app from "#app";
import { createPollHandler } from "../lib/aws/poll-handler.ts";
import { serveApp } from "../lib/app-functions.ts";

const served = serveApp(app);
export const handler = served.handle((runtime, app) => createPollHandler(runtime, app, served.trustedHops));
export const { describe } = served;
