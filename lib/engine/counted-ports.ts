import type { LogFields, Logger } from "../log.ts";
import { noMetrics, type Metrics } from "../metrics.ts";
import type { Transport } from "./transport.ts";

/** A logger whose warnings and errors are counted by their code, whether or not the level lets them be written. */
export function countLogged(logger: Logger, metrics: Metrics): Logger {
  return {
    ...logger,
    warn: (message, fields) => {
      metrics.add("Warnings", 1, codeOf(fields));
      logger.warn(message, fields);
    },
    error: (message, fields) => {
      metrics.add("Errors", 1, codeOf(fields));
      logger.error(message, fields);
    },
  };
}

/** A transport whose refusals are counted. Not "gone": OPEN is posted until the gateway knows the connection. */
export function countRefused(transport: Transport, metrics: Metrics): Transport {
  if (metrics === noMetrics) return transport;
  return {
    post: (connectionId, frame) =>
      transport.post(connectionId, frame).then((outcome) => {
        if (outcome !== "sent" && outcome !== "gone") metrics.add("PostsRefused", 1, outcome);
        return outcome;
      }),
    close: (connectionId) => transport.close(connectionId),
  };
}

/** The line's own code, or what the error is called by whoever threw it. */
function codeOf({ code, error }: LogFields = {}): string {
  if (typeof code === "string") return code;
  if (!(error instanceof Error)) return "none";
  // An app's own codes may have ids in them, and each code is a metric that is paid for.
  return "code" in error && typeof error.code === "string" && OWN_CODE.test(error.code)
    ? error.code
    : error.name;
}

const OWN_CODE = /^[a-z]+\.[a-z_]+$/;
