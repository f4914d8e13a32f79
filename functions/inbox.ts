import * as app from "#app";
import { createInboxHandler } from "../lib/aws/inbox-handler.ts";
import { serveApp } from "../lib/app-functions.ts";

const served = serveApp(app);
export const handler = served.handle(createInboxHandler);
export const { describe } = served;
