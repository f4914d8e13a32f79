import type { HttpAnswer } from "./answer-reader.ts";
import { createConnections, type Exchange } from "./connections.ts";
import type { Settings } from "./settings.ts";
import { createSigner, type Credentials, type Sign } from "./signature.ts";

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

  const send = (
    sign: Sign,
    credentials: Credentials,
    method: string,
    connectionId: string,
    body: string,
  ): ReturnType<Exchange> => {
    const path = base + encodeURIComponent(connectionId);
    const head = sign({ method, path, headers: [], body }, credentials, nowMs());
    const length = Buffer.byteLength(body);
    return connections.exchange(
      `${head}\r\ncontent-type: application/octet-stream\r\ncontent-length: ${length}`,
      body,
    );
  };
  const exchange = (method: string, connectionId: string, body: string): ReturnType<Exchange> => {
    const credentials = settings.credentials();
    // With nothing to wait for it is one promise: a broadcast makes it for each recipient.
    return signer === undefined || credentials instanceof Promise
      ? sendLater(credentials, method, connectionId, body)
      : send(signer, credentials, method, connectionId, body);
  };
  const sendLater = async (
    credentials: Credentials | Promise<Credentials>,
    method: string,
    connectionId: string,
    body: string,
  ): ReturnType<Exchange> => {
    const known = await credentials;
    return send(signer ?? (await open()), known, method, connectionId, body);
  };
  return {
    post: (connectionId, data) => exchange("POST", connectionId, data),
    remove: (connectionId) => exchange("DELETE", connectionId, ""),
    destroy: () => connections.destroy(),
  };
}
