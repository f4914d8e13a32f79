import * as app from "#app";
import { createHeartbeatHandler } from "../lib/aws/heartbeat-handler.ts";
import { readDeployment } from "../lib/aws/stack-environment.ts";
import { serveApp } from "../lib/app-functions.ts";

const served = serveApp(app);
export const handler = served.handle((runtime, app) =>
  createHeartbeatHandler(runtime, app, readDeployment(served.env)),
);
export const { describe } = served;
