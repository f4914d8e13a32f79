import type { Serverless } from "./framework.ts";
import { isObject } from "./json.ts";

/** Where serverless-offline serves, as it is told on the command line or in `custom.serverless-offline`. */
export interface Addresses {
  /** Of the HTTP API, for polling. */
  readonly http: string;
  /** Of the WebSocket API, and of `@connections`. */
  readonly websocket: string;
  /** Where functions are invoked. */
  readonly lambda: string;
}

/** Its defaults, which it tells nobody. */
const defaults = { host: "localhost", httpPort: 3000, websocketPort: 3001, lambdaPort: 3002 };

export function readAddresses({ service, pluginManager }: Serverless): Addresses {
  const written = service.custom?.["serverless-offline"];
  const options = { ...defaults, ...(isObject(written) ? written : {}), ...pluginManager.cliOptions };
  // Where it listens on all interfaces, this is one of them.
  const host = ["0.0.0.0", "::"].includes(String(options.host)) ? "localhost" : String(options.host);
  const toUrl = (port: unknown) => `http://${host}:${String(port)}`;
  return {
    http: toUrl(options.httpPort),
    websocket: toUrl(options.websocketPort),
    lambda: toUrl(options.lambdaPort),
  };
}

/** Parameters of the command line: there is no queue under serverless-offline. */
export const toOfflineParams = (params: readonly string[]): readonly string[] => [
  ...params.filter((param) => !param.startsWith("ordering=")),
  "ordering=direct",
];

const LOOK_EVERY_MS = 100;

/** Prints how clients connect, once both ports answer: serverless-offline has no event for it, and no line that it promises. */
export function announceWhenServing({ http, websocket }: Addresses): void {
  const look = async (): Promise<void> => {
    const answers = await Promise.allSettled([http, websocket].map((url) => fetch(url)));
    if (answers.some(({ status }) => status === "rejected")) {
      setTimeout(() => void look(), LOOK_EVERY_MS).unref();
      return;
    }
    process.stdout.write(`ready io("${http}", { transports: ["polling"] })\n`);
    process.stdout.write(`ready io("${websocket}", { transports: ["websocket"] })\n`);
  };
  setTimeout(() => void look(), LOOK_EVERY_MS).unref();
}
