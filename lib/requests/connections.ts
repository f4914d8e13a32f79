import { AsyncLocalStorage } from "node:async_hooks";
import { connect as connectTcp, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import { installedHandlerWatch } from "../handler-watch.ts";
import { AnswerReader, type HttpAnswer } from "./answer-reader.ts";
import { networkError } from "./network-error.ts";

export interface ConnectionsOptions {
  /** `https://dynamodb.eu-west-1.amazonaws.com`; its path counts for nothing. */
  readonly origin: string;
  readonly maxSockets: number;
  /** For a connection to be there. */
  readonly connectionTimeoutMs: number;
  /** For all of an exchange, from the call to the last byte. */
  readonly requestTimeoutMs: number;
}

/**
 * One request and its answer over HTTP/1.1. Rejects where there is none: `TimeoutError`, or an error of Node with its
 * code. `wasStale` of that error says that the connection had been kept from an earlier exchange and ended before it
 * said anything, which is what happens where the other side had closed it meanwhile.
 *
 * @param head request line and headers, without the empty line
 */
export type Exchange = (head: string, body: string) => Promise<HttpAnswer>;

export interface Connections {
  readonly exchange: Exchange;
  /** Closes all of them, those in use too. */
  destroy(): void;
}

export interface StaleError extends Error {
  readonly wasStale?: boolean;
}

interface Job {
  readonly bytes: string;
  readonly resolve: (answer: HttpAnswer) => void;
  readonly reject: (error: Error) => void;
  timer?: NodeJS.Timeout;
  connection?: Connection;
}

/** Behind which nobody keeps a connection that nobody has said when it ends. */
const MAX_IDLE_MS = 55_000;

/**
 * Connections to one host, kept for the next exchange, which `node:http` does at four times the price: most of a small
 * request's CPU is its client, not the network (docs/decisions/0034-requests-signed-by-hand.md). One exchange at a time each, the one used last first.
 */
export function createConnections(options: ConnectionsOptions): Connections {
  const { maxSockets, requestTimeoutMs } = options;
  const idle: Connection[] = [];
  const open = new Set<Connection>();
  const waiting: Job[] = [];
  const link = createLink(options);
  const watch = installedHandlerWatch();
  // A socket must not keep alive, or speak for, the turn that happened to open it.
  const outside = AsyncLocalStorage.snapshot();

  const run = (job: Job): void => {
    let connection = idle.pop();
    while (connection !== undefined && !connection.isUsable()) connection = idle.pop();
    if (connection === undefined && open.size >= maxSockets) {
      waiting.push(job);
      return;
    }
    connection ??= outside(() => new Connection(link(), options.connectionTimeoutMs, onFree, onClosed));
    open.add(connection);
    job.connection = connection;
    connection.run(job);
  };
  const onFree = (connection: Connection): void => {
    idle.push(connection);
    const next = waiting.shift();
    if (next !== undefined) run(next);
  };
  const onClosed = (connection: Connection): void => {
    open.delete(connection);
    const index = idle.indexOf(connection);
    if (index !== -1) idle.splice(index, 1);
    const next = waiting.shift();
    if (next !== undefined) run(next);
  };

  return {
    exchange: (head, body) =>
      new Promise((resolve, reject) => {
        const header = watch?.requestHeader?.(options.origin);
        const whole = header === undefined ? head : `${head}\r\n${header}`;
        const job: Job = { bytes: `${whole}\r\n\r\n${body}`, resolve, reject };
        job.timer = setTimeout(() => {
          const error = timedOut(`no answer within ${requestTimeoutMs} ms`);
          if (job.connection !== undefined) return job.connection.fail(error);
          waiting.splice(waiting.indexOf(job), 1);
          reject(error);
        }, requestTimeoutMs);
        run(job);
      }),
    destroy: () => {
      for (const connection of open) connection.fail(new Error("the connections were closed"));
    },
  };
}

class Connection {
  readonly #socket: Socket;
  readonly #reader = new AnswerReader();
  readonly #onFree: (connection: Connection) => void;
  readonly #onClosed: (connection: Connection) => void;
  #job: Job | undefined;
  #answers = 0;
  #isClosed = false;
  #usableUntilMs = Infinity;

  constructor(
    socket: Socket,
    connectionTimeoutMs: number,
    onFree: (connection: Connection) => void,
    onClosed: (connection: Connection) => void,
  ) {
    this.#socket = socket;
    this.#onFree = onFree;
    this.#onClosed = onClosed;
    const timer = setTimeout(
      () => this.fail(timedOut(`no connection within ${connectionTimeoutMs} ms`)),
      connectionTimeoutMs,
    );
    socket.setNoDelay(true).setKeepAlive(true, 1000);
    socket.once("connect", () => clearTimeout(timer));
    socket.once("close", () => {
      clearTimeout(timer);
      this.fail(reset());
    });
    socket.on("error", (error) => this.fail(error));
    socket.on("end", () => this.#onEnd());
    socket.on("data", (bytes: Buffer) => this.#onData(bytes));
  }

  /** Whether it may be tried; an instance that was frozen learns late that the other side has gone. */
  isUsable(): boolean {
    if (!this.#isClosed && Date.now() < this.#usableUntilMs) return true;
    this.fail(reset());
    return false;
  }

  run(job: Job): void {
    this.#job = job;
    this.#socket.ref();
    this.#socket.write(job.bytes);
  }

  /** Ends it, and what it was doing. */
  fail(error: Error): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    const job = this.#job;
    this.#job = undefined;
    this.#socket.destroy();
    this.#onClosed(this);
    if (job === undefined) return;
    clearTimeout(job.timer);
    const wasStale = this.#answers > 0 && this.#reader.isUntouched && error.name !== "TimeoutError";
    job.reject(Object.assign(error, { wasStale }));
  }

  #onData(bytes: Buffer): void {
    try {
      // Nobody has asked.
      if (this.#job === undefined) return this.fail(reset());
      const answer = this.#reader.read(bytes);
      if (answer !== undefined) this.#finish(this.#job, answer, this.#reader.isLast(answer));
    } catch (error) {
      this.fail(error as Error);
    }
  }

  #onEnd(): void {
    const answer = this.#job && this.#reader.end();
    if (this.#job !== undefined && answer !== undefined) this.#finish(this.#job, answer, true);
    else this.fail(reset());
  }

  #finish(job: Job, answer: HttpAnswer, isLast: boolean): void {
    clearTimeout(job.timer);
    this.#job = undefined;
    this.#answers++;
    if (isLast) this.fail(reset());
    else {
      const keptSeconds = /timeout=(\d+)/.exec(answer.header("keep-alive") ?? "")?.[1];
      // A second earlier: what is sent at the last moment arrives after it.
      const keptMs = keptSeconds === undefined ? MAX_IDLE_MS : Math.max(0, Number(keptSeconds) * 1000 - 1000);
      this.#usableUntilMs = Date.now() + keptMs;
      this.#socket.unref();
      this.#onFree(this);
    }
    job.resolve(answer);
  }
}

/** Opens sockets; TLS sessions are resumed, as by Node's agent. */
function createLink({ origin }: ConnectionsOptions): () => Socket {
  const { protocol, hostname, port } = new URL(origin);
  const host = hostname.replace(/^\[|\]$/g, "");
  if (protocol !== "https:") return () => connectTcp({ host, port: Number(port || 80) });
  let session: Buffer | undefined;
  // Not by `isIP`, whose patterns take a millisecond of a cold start to compile. Certificates of AWS name no addresses.
  const isAddress = host.includes(":") || /^[\d.]+$/.test(host);
  const servername = isAddress ? {} : { servername: host };
  return () => {
    const known = session === undefined ? {} : { session };
    const socket = connectTls({
      ...{ host, port: Number(port || 443), ALPNProtocols: ["http/1.1"] },
      ...servername,
      ...known,
    });
    socket.on("session", (fresh: Buffer) => void (session = fresh));
    return socket;
  };
}

const reset = (): Error => networkError("ECONNRESET", "the connection has ended");

const timedOut = (message: string): Error => networkError("ETIMEDOUT", message);
