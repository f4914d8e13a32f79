import * as app from "#app";
import { serveApp } from "../lib/app-functions.ts";
import { servePolls } from "../lib/served-polls.ts";

servePolls(serveApp(app)).catch((error: unknown) => {
  // Thrown outside of any promise it ends the process, as Lambda expects of one that cannot serve.
  setImmediate(() => {
    throw error;
  });
});
