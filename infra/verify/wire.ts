import { WebSocket, type ClientOptions } from "ws";
import { nameCloseCode } from "../close-codes.ts";

/** Something that came otherwise than a check expects; its message is what the report shows. */
export class Unexpected extends Error {}

export interface Frame {
  readonly text: string;
  readonly isBinary: boolean;
  readonly atMs: number;
}

export interface WireOptions {
  /** Of `ws`; compression is off unless asked for. */
  readonly client?: ClientOptions;
  /** Default true. If not, pings are frames like others. */
  readonly answersPings?: boolean;
  /** How long anything may take that is waited for. */
  readonly patienceMs: number;
}

export interface WireEnd {
  readonly code: number;
  /** Of the HTTP answer, when there was no WebSocket. */
  readonly status: number | undefined;
  readonly atMs: number;
}

interface Waiter {
  readonly matches: (frame: Frame) => boolean;
  readonly resolve: (frame: Frame) => void;
}

/** A WebSocket that speaks Engine.IO frames, each of which is taken once. */
export class Wire {
  readonly socket: WebSocket;
  readonly frames: Frame[] = [];
  readonly openedAtMs = performance.now();
  end: WireEnd | undefined;
  #options: WireOptions;
  #untaken: Frame[] = [];
  #waiters: Waiter[] = [];
  #onEnd: (() => void)[] = [];
  #status: number | undefined;
  #error: string | undefined;

  constructor(url: string, options: WireOptions) {
    this.#options = options;
    this.socket = new WebSocket(url, { perMessageDeflate: false, ...options.client });
    this.socket.on("unexpected-response", (request, response) => {
      this.#status = response.statusCode;
      request.destroy();
      this.#finish(1006);
    });
    this.socket.on("error", ({ message }) => (this.#error = message));
    this.socket.on("close", (code) => this.#finish(code));
    this.socket.on("message", (data: Buffer, isBinary) => this.#onMessage(data, isBinary));
  }

  send(...frames: readonly (string | Buffer)[]): void {
    for (const frame of frames) this.socket.send(frame);
  }

  /** The first untaken frame that matches, or has that beginning. Rejects when the connection ends before. */
  next(wanted: string | ((frame: Frame) => boolean), patienceMs = this.#options.patienceMs): Promise<Frame> {
    const matches = typeof wanted === "string" ? ({ text }: Frame) => text.startsWith(wanted) : wanted;
    const index = this.#untaken.findIndex(matches);
    const [found] = index < 0 ? [] : this.#untaken.splice(index, 1);
    if (found !== undefined) return Promise.resolve(found);
    const what = typeof wanted === "string" ? `a frame ${wanted}…` : "a certain frame";
    return new Promise((resolve, reject) => {
      const fail = () => {
        clearTimeout(timer);
        this.#waiters = this.#waiters.filter((one) => one !== waiter);
        reject(new Unexpected(`${what} did not come: ${this.#describe(patienceMs)}`));
      };
      const timer = setTimeout(fail, patienceMs);
      const waiter: Waiter = {
        matches,
        resolve: (frame) => {
          clearTimeout(timer);
          resolve(frame);
        },
      };
      if (this.end !== undefined) return fail();
      this.#waiters.push(waiter);
      this.#onEnd.push(() => this.#waiters.includes(waiter) && fail());
    });
  }

  /** How the connection ended; undefined when it has not within that time. */
  ended(patienceMs = this.#options.patienceMs): Promise<WireEnd | undefined> {
    if (this.end !== undefined) return Promise.resolve(this.end);
    return new Promise((resolve) => {
      const timer = setTimeout(() => resolve(undefined), patienceMs);
      this.#onEnd.push(() => {
        clearTimeout(timer);
        resolve(this.end);
      });
    });
  }

  /** Closes as a client that leaves does. */
  close(): void {
    if (this.end === undefined) this.socket.close();
  }

  /** Breaks the TCP connection off, with no close frame. */
  cut(): void {
    this.socket.terminate();
  }

  #onMessage(data: Buffer, isBinary: boolean): void {
    const frame = { text: data.toString("utf8"), isBinary, atMs: performance.now() };
    if (frame.text === "2" && this.#options.answersPings !== false) return this.socket.send("3");
    this.frames.push(frame);
    const waiter = this.#waiters.find(({ matches }) => matches(frame));
    if (waiter === undefined) return void this.#untaken.push(frame);
    this.#waiters = this.#waiters.filter((one) => one !== waiter);
    waiter.resolve(frame);
  }

  #finish(code: number): void {
    if (this.end !== undefined) return;
    this.end = { code, status: this.#status, atMs: performance.now() };
    for (const tell of this.#onEnd) tell();
  }

  #describe(patienceMs: number): string {
    const last = this.frames.slice(-3).map(({ text }) => (text.length > 60 ? `${text.slice(0, 60)}…` : text));
    const frames = last.length === 0 ? "no frame" : `the last frames were ${JSON.stringify(last)}`;
    if (this.end === undefined) return `${frames}, for ${patienceMs} ms`;
    const { code, status } = this.end;
    if (status !== undefined) return `the handshake was answered ${status}`;
    return `${frames}, then close ${nameCloseCode(code)}${this.#error === undefined ? "" : ` (${this.#error})`}`;
  }
}
