import { WebSocket } from "ws";
import { Inbox } from "./inbox.ts";

export interface WireClientOptions {
  /** Added to `EIO=4&transport=websocket&b64=1`; undefined removes a key. */
  readonly query?: Readonly<Record<string, string | undefined>>;
  readonly headers?: Readonly<Record<string, string>>;
  /** Defaults to `/socket.io/`. */
  readonly path?: string;
  /** Default true. If not, pings are frames like any other. */
  readonly answerPings?: boolean;
}

/** How a connection ended: the WebSocket close code, and the HTTP status when it never opened. */
export interface WireEnd {
  readonly code: number;
  readonly status?: number;
}

/**
 * A WebSocket that speaks frames and nothing else. Asks for text-only transport (`b64=1`), so that binary packets
 * look alike from any server. Pings are answered and kept out of sight.
 */
export class WireClient {
  readonly frames: string[] = [];
  readonly #socket: WebSocket;
  readonly #inbox = new Inbox<string>();
  readonly #end: Promise<WireEnd>;
  #ended: WireEnd | undefined;
  /** Called for every frame that arrives, besides keeping it for `frame`. */
  onFrame: (frame: string) => void = () => undefined;

  constructor(url: string, options: WireClientOptions = {}) {
    const query = new URLSearchParams();
    const wanted = { EIO: "4", transport: "websocket", b64: "1", ...options.query };
    for (const [key, value] of Object.entries(wanted)) if (value !== undefined) query.set(key, value);
    const address = `${url.replace(/^http/, "ws")}${options.path ?? "/socket.io/"}?${query}`;
    this.#socket = new WebSocket(address, { headers: { ...options.headers } });
    this.#end = new Promise((resolve) => {
      let status: number | undefined;
      this.#socket.on("unexpected-response", (request, response) => {
        status = response.statusCode;
        request.destroy();
        resolve({ code: 1006, ...(status === undefined ? {} : { status }) });
      });
      this.#socket.on("error", () => undefined);
      this.#socket.on("close", (code) => resolve({ code, ...(status === undefined ? {} : { status }) }));
    });
    void this.#end.then((end) => (this.#ended = end));
    this.#socket.on("message", (data: Buffer, isBinary) => {
      const frame = isBinary ? `<binary ${data.toString("hex")}>` : data.toString("utf8");
      if (frame === "2" && options.answerPings !== false) {
        this.#socket.send("3");
        return;
      }
      this.frames.push(frame);
      this.#inbox.push(frame);
      this.onFrame(frame);
    });
  }

  /** A client whose OPEN has arrived, and optionally its first CONNECT frame answered. */
  static async open(
    url: string,
    options: WireClientOptions & { readonly connect?: string } = {},
  ): Promise<WireClient> {
    const client = new WireClient(url, options);
    await client.frame("0");
    if (options.connect !== undefined) {
      client.send(options.connect);
      await client.frame(options.connect.split("{")[0] ?? "40");
    }
    return client;
  }

  send(...frames: readonly (string | Buffer)[]): void {
    for (const frame of frames) this.#socket.send(frame);
  }

  /** The next untaken frame that starts with `prefix`. */
  frame(prefix: string): Promise<string> {
    return this.#inbox.take(
      (frame) => frame.startsWith(prefix),
      () => `expected a frame starting with ${JSON.stringify(prefix)}, got ${this.#seen()}`,
    );
  }

  /** Resolves when the server has ended the connection. */
  async closed(): Promise<WireEnd> {
    const nothing = new Inbox<WireEnd>();
    void this.#end.then((end) => nothing.push(end));
    return nothing.take(
      () => true,
      () => `expected the connection to be closed, got ${this.#seen()}`,
    );
  }

  get end(): WireEnd | undefined {
    return this.#ended;
  }

  hangUp(): void {
    this.#socket.terminate();
  }

  #seen(): string {
    return `${JSON.stringify(this.frames)}${this.#ended === undefined ? "" : `, then close ${this.#ended.code}`}`;
  }
}
