import * as app from "#app";
import { createConnectHandler } from "../lib/aws/connect-handler.ts";
import { serveApp } from "../lib/app-functions.ts";

const served = serveApp(app);
// The authorizer has neither the way to clients nor the mailbox, and no permission for them.
export const handler = served.serve((app) => createConnectHandler(served.ports, app, served.trustedHops));
export const { describe } = served;
