import { IncomingMessage, ServerResponse, type OutgoingHttpHeaders } from "node:http";
import { Socket } from "node:net";
import type { HttpHeaders } from "../polling/http.ts";

/** A request as middlewares of Express expect it: Node's own, with the address of its client. */
export interface NodeRequestParts {
  readonly method: string;
  /** Path and query. */
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly query: Readonly<Record<string, string>>;
  readonly address: string;
  readonly secure: boolean;
  readonly body?: Buffer;
}

export function toNodeRequest(parts: NodeRequestParts): IncomingMessage {
  // Never connected: middlewares ask it for the address and whether it is encrypted.
  const socket = new Socket();
  Object.defineProperty(socket, "remoteAddress", { value: parts.address });
  const request = new IncomingMessage(Object.assign(socket, { encrypted: parts.secure }));
  const { method, url } = parts;
  Object.assign(request, { method, url, _query: { ...parts.query }, httpVersion: "1.1" });
  request.headers = { ...parts.headers };
  request.rawHeaders = Object.entries(parts.headers).flat();
  if (parts.body !== undefined && parts.body.length > 0) request.push(parts.body);
  request.push(null);
  return request;
}

/** The response to one, which goes nowhere: what is written into it is taken out again. */
export class NodeResponse extends ServerResponse {
  readonly #chunks: Buffer[] = [];
  #onEnd: () => void = () => undefined;
  /** Resolves when it has been ended, for a session store that may be later than its caller. */
  readonly ended = new Promise<void>((resolve) => (this.#onEnd = resolve));

  get written(): { readonly status: number; readonly headers: HttpHeaders; readonly body: Buffer } {
    const headers = Object.entries(this.getHeaders()).flatMap(([name, value]) =>
      value === undefined ? [] : [[name, typeof value === "number" ? String(value) : value] as const],
    );
    return {
      status: this.statusCode,
      headers: Object.fromEntries(headers),
      body: Buffer.concat(this.#chunks),
    };
  }

  // Node keeps headers that are given here out of `getHeaders` where none was set before.
  override writeHead(status: number, ...rest: unknown[]): this {
    const given = rest.at(-1);
    if (Array.isArray(given)) {
      for (let index = 0; index + 1 < given.length; index += 2)
        this.setHeader(String(given[index]), given[index + 1] as string);
    } else if (typeof given === "object" && given !== null) {
      for (const [name, value] of Object.entries(given as OutgoingHttpHeaders))
        if (value !== undefined) this.setHeader(name, value);
    }
    return super.writeHead(status);
  }

  override write(chunk: unknown, encoding?: unknown): boolean {
    if (!this.headersSent) this.writeHead(this.statusCode);
    this.#take(chunk, encoding);
    return true;
  }

  override end(...args: unknown[]): this {
    if (this.writableEnded) return this;
    const [chunk, encoding] = args;
    if (typeof chunk !== "function") this.#take(chunk, encoding);
    super.end();
    const callback = args.find((arg) => typeof arg === "function");
    process.nextTick(() => {
      this.emit("finish");
      this.emit("close");
      (callback as (() => void) | undefined)?.();
    });
    this.#onEnd();
    return this;
  }

  #take(chunk: unknown, encoding: unknown): void {
    if (typeof chunk === "string")
      this.#chunks.push(
        Buffer.from(chunk, typeof encoding === "string" ? (encoding as BufferEncoding) : "utf8"),
      );
    else if (chunk instanceof Uint8Array) this.#chunks.push(Buffer.from(chunk));
  }
}
