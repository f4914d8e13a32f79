import type { HttpAnswer } from "./answer-reader.ts";
import { createConnections, type Exchange } from "./connections.ts";
import type { Settings } from "./settings.ts";
import { createSigner, type Sign } from "./signature.ts";

export interface SignedPostOptions {
  /** The execute-api URL of a stage: `https://{api}.execute-api.{region}.amazonaws.com/{stage}`. */
  readonly callbackUrl: string;
  readonly settings: Settings;
  readonly connectionTimeoutMs: number;
  readonly timeoutMs: number;
  readonly maxSockets: number;
  /** Milliseconds since the epoch. */
  readonly nowMs: () => number;
}

/** The `@connections` API of a stage. One attempt each: a repetition might double a frame. */
export interface ConnectionsApi {
  /** `PostToConnection`; rejects where there is no answer: a timeout, a reset, a refused connection. */
  post(connectionId: string, data: string): Promise<HttpAnswer>;
  /** `DeleteConnection` */
  remove(connectionId: string): Promise<HttpAnswer>;
  destroy(): void;
}

/**
 * `@connections` without the SDK's machinery. A broadcast is one post per recipient, so the price of a post is the
 * price of the product: see `npm run bench:post` for the two side by side.
 */
export function createConnectionsApi(options: SignedPostOptions): ConnectionsApi {
  const { settings, nowMs } = options;
  const { origin, host, pathname } = new URL(options.callbackUrl);
  const base = `${pathname.replace(/\/$/, "")}/@connections/`;
  const connections = createConnections({ ...options, origin, requestTimeoutMs: options.timeoutMs });
  let signer: Sign | undefined;
  const open = async (): Promise<Sign> => {
    const region = await settings.region();
    return (signer ??= createSigner({ service: "execute-api", region, host }));
  };

  const exchange = async (method: string, connectionId: string, body: string): ReturnType<Exchange> => {
    const sign = signer ?? (await open());
    const path = base + encodeURIComponent(connectionId);
    const head = sign({ method, path, headers: [], body }, await settings.credentials(), nowMs());
    const length = Buffer.byteLength(body);
    return await connections.exchange(
      `${head}\r\ncontent-type: application/octet-stream\r\ncontent-length: ${length}`,
      body,
    );
  };
  return {
    post: (connectionId, data) => exchange("POST", connectionId, data),
    remove: (connectionId) => exchange("DELETE", connectionId, ""),
    destroy: () => connections.destroy(),
  };
}
