import * as app from "#app";
import { createHandlers } from "../lib/lambda.ts";

createHandlers(app)
  .servePolling()
  .catch((error: unknown) => {
    // Thrown outside of any promise it ends the process, as Lambda expects of one that cannot serve.
    setImmediate(() => {
      throw error;
    });
  });
