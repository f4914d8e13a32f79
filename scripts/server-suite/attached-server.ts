import {
  createServer,
  Server as HttpServer,
  type IncomingMessage,
  type OutgoingHttpHeaders,
  type ServerResponse,
} from "node:http";
import { connect, type Socket as TcpSocket } from "node:net";
import { Server as Nonsticky, type ServerOptions } from "nonsticky";
import { serve } from "nonsticky/testing";
import { serveClientBundle } from "../../lib/aws/client-bundle.ts";

export { Namespace, Socket } from "nonsticky";

/**
 * What socket.io's own tests import as `Server`: ours, served by nonsticky/testing, behind the server or the port that
 * they attach it to. Connections of that server are handed on as they are. What is not of the path comes back to the
 * server's own listeners, and the files of the stock client are served as a deployment serves them.
 */
export class Server extends Nonsticky {
  #http: HttpServer | undefined;
  #served: ReturnType<typeof serve> | undefined;

  constructor(first?: HttpServer | number | ServerOptions, second?: ServerOptions) {
    const target = first instanceof HttpServer || typeof first === "number" ? first : undefined;
    super(target === undefined ? (first as ServerOptions | undefined) : second);
    if (target !== undefined) this.#attach(target);
  }

  // The suite's own servers listen for themselves: what they are given is not what nonsticky attaches to.

  override get httpServer(): HttpServer {
    return this.#http as HttpServer;
  }

  override attach(target?: Parameters<Nonsticky["attach"]>[0]): this {
    return this.#attach(target as HttpServer | number | undefined);
  }

  override listen(target?: Parameters<Nonsticky["attach"]>[0]): this {
    return this.#attach(target as HttpServer | number | undefined);
  }

  override async close(callback?: (error?: Error) => void): Promise<void> {
    await (await this.#served)?.close();
    const error = await new Promise<Error | undefined>((resolve) => {
      if (this.#http === undefined) resolve(undefined);
      else this.#http.close(resolve);
    });
    callback?.(error);
  }

  #attach(target: HttpServer | number = 0): this {
    const http = typeof target === "number" ? createServer().listen(target) : target;
    this.#http = http;
    this.#served = serve(this, {
      logLevel: "silent",
      onRequest: (request, response) => {
        if (!http.emit("request", request, response)) response.writeHead(404).end();
      },
    });
    const port = this.#served.then((served) => served.port);
    const front = createServer((request, response) => void this.#answerFile(request, response));
    http.removeAllListeners("connection");
    http.on("connection", (socket: TcpSocket) => void this.#handOn(socket, port, front));
    return this;
  }

  /** By its first bytes: a request for a file of the client goes to `front`, anything else to the served app. */
  async #handOn(socket: TcpSocket, port: Promise<number>, front: HttpServer): Promise<void> {
    const first = await new Promise<Buffer>((resolve) => socket.once("data", resolve));
    socket.pause();
    socket.unshift(first);
    if (this.serveClient() && CLIENT_FILE.test(first.toString("latin1"))) {
      front.emit("connection", socket);
      socket.resume();
      return;
    }
    const inner = connect(await port, "127.0.0.1");
    for (const [one, other] of [
      [socket, inner],
      [inner, socket],
    ] as const) {
      one.on("error", () => other.destroy());
      one.on("close", () => other.destroy());
      one.pipe(other);
    }
  }

  async #answerFile(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { pathname } = new URL(request.url ?? "/", "http://localhost");
    const answer = await serveClientBundle({
      method: request.method ?? "GET",
      path: pathname.slice(this.path().length),
      query: {},
      headers: request.headers as Record<string, string>,
      body: Buffer.alloc(0),
      address: "127.0.0.1",
      secure: false,
    });
    response.writeHead(answer?.status ?? 404, answer?.headers as OutgoingHttpHeaders).end(answer?.body);
  }
}

const CLIENT_FILE = /^(?:GET|HEAD) \/socket\.io\/socket\.io[\w.]*\.js/;
