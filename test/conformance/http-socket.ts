import { WebSocket } from "ws";
import { Inbox } from "../support/inbox.ts";

/** How a WebSocket ended: refused with a status, or closed with a code. */
export type SocketEnd = `refused ${number}` | `closed ${number}` | "broken";

/** A WebSocket for a session that exists: the server says nothing until it does. */
export class HttpSocket {
  readonly #socket: WebSocket;
  readonly #frames = new Inbox<string>();
  readonly #ends = new Inbox<SocketEnd>();
  readonly #opens = new Inbox<"open">();

  constructor(url: string, query: Readonly<Record<string, string>>) {
    const wanted = new URLSearchParams({ EIO: "4", transport: "websocket", ...query });
    this.#socket = new WebSocket(`${url.replace(/^http/, "ws")}/socket.io/?${wanted}`);
    this.#socket.on("unexpected-response", (request, { statusCode = 0 }) => {
      request.destroy();
      this.#ends.push(`refused ${statusCode}`);
    });
    // What comes after the handshake and is no frame: an HTTP answer, say.
    this.#socket.on("error", () => this.#ends.push("broken"));
    this.#socket.on("close", (code) => this.#ends.push(`closed ${code}`));
    this.#socket.on("open", () => this.#opens.push("open"));
    this.#socket.on("message", (data: Buffer, isBinary) =>
      this.#frames.push(isBinary ? `b${data.toString("base64")}` : data.toString("utf8")),
    );
  }

  async opened(): Promise<this> {
    await this.#opens.take(
      () => true,
      () => "expected the WebSocket to open",
    );
    return this;
  }

  send(...frames: readonly string[]): void {
    for (const frame of frames) this.#socket.send(frame);
  }

  /** The next frame. */
  frame(): Promise<string> {
    return this.#frames.take(
      () => true,
      () => "expected a frame",
    );
  }

  /** How it ends: the first sign of it. */
  ended(): Promise<SocketEnd> {
    return this.#ends.take(
      () => true,
      () => `expected the WebSocket to end, got ${JSON.stringify(this.#frames.untaken)}`,
    );
  }

  hangUp(): void {
    this.#socket.terminate();
  }
}
