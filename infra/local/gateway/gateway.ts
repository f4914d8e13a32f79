import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { Duplex } from "node:stream";
import type { Faults } from "../faults.ts";
import { answerHttpApi, type HttpApiOptions } from "./http-api.ts";
import { answerManagement, type ManagementOptions } from "./management.ts";
import { isForThisMachine } from "../strangers.ts";
import { sendFile } from "./static-files.ts";
import type { WebSocketApi } from "./websocket.ts";

export interface GatewayOptions {
  readonly stage: string;
  /** Without its trailing slash: `/socket.io`. */
  readonly path: () => string;
  readonly publicDir: string | undefined;
  readonly webSocketApi: WebSocketApi;
  readonly faults: Faults;
  /** Names besides this machine's own under which it may be asked. */
  readonly allowedHosts: readonly string[];
  readonly management: ManagementOptions;
  /** Answers what is neither the app's nor its clients'; false where it is not. */
  readonly inspect:
    ((request: IncomingMessage, response: ServerResponse, pathname: string) => boolean) | undefined;
  /** Absent: the stack has no function for long-polling. */
  readonly httpApi: HttpApiOptions | undefined;
  /** The app's own routes, as far as it has some. */
  readonly routes: () => HttpApiOptions | undefined;
}

/**
 * The one port: the page, WebSockets and long-polling under `<path>/` (what the edge does in the cloud) and under
 * `/<stage>` (the bare WebSocket API), and the @connections API.
 */
export function attachGateway(server: Server, options: GatewayOptions): void {
  const { stage, faults, allowedHosts } = options;
  const callback = `/${stage}/@connections/`;
  server.on("request", (request: IncomingMessage, response: ServerResponse) => {
    const pathname = toPathname(request);
    if (!isForThisMachine(request.headers, allowedHosts)) return answerStranger(request, response);
    if (pathname.startsWith(callback)) {
      return answerManagement(request, response, pathname.slice(callback.length), options.management);
    }
    if (options.inspect?.(request, response, pathname) === true) return;
    // A client that breaks off in the middle of its body.
    answerPage(request, response, pathname, options).catch(() => response.destroy());
  });
  server.on("upgrade", (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    const pathname = toPathname(request);
    if (!isForThisMachine(request.headers, allowedHosts)) return refuse(socket, "403 Forbidden");
    const isOurs = isAt(options.path(), pathname);
    if (faults.blindEdge && isOurs) return refuse(socket, "400 Bad Request");
    const isStage = pathname === `/${stage}` || (pathname === `/${stage}/` && !faults.noTrailingSlash);
    if (!isStage && !isOurs) {
      return refuse(socket, pathname.startsWith(`/${stage}/`) ? "403 Forbidden" : "404 Not Found");
    }
    options.webSocketApi.upgrade(request, socket, head).catch(() => socket.destroy());
  });
}

function answerStranger(request: IncomingMessage, response: ServerResponse): void {
  request.resume();
  response.writeHead(403, { "content-type": "application/json" });
  const message = `expected a Host of this machine, got ${request.headers.host ?? "none"}: --allow-host`;
  response.end(JSON.stringify({ message }));
}

function refuse(socket: Duplex, status: string): void {
  const body = JSON.stringify({ message: status.slice(4) });
  socket.on("error", () => {});
  socket.end(
    `HTTP/1.1 ${status}\r\nContent-Type: application/json\r\nConnection: close\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
  );
}

async function answerPage(
  request: IncomingMessage,
  response: ServerResponse,
  pathname: string,
  options: GatewayOptions,
): Promise<void> {
  const { stage, publicDir, httpApi, faults } = options;
  const [path, routes] = [options.path(), options.routes()];
  const fail = (status: number, body: unknown) => {
    request.resume();
    response.writeHead(status, { "content-type": "application/json" });
    response.end(JSON.stringify(body));
  };
  const isOfStage = pathname === `/${stage}` || pathname.startsWith(`/${stage}/`);
  if (isOfStage && routes === undefined) return fail(403, { message: "Forbidden" });
  if (isAt(path, pathname)) {
    if (faults.noEmptyRest && pathname === `${path}/`) return fail(404, { message: "Not Found" });
    if (httpApi !== undefined) return answerHttpApi(request, response, httpApi);
    // What the official server answers for a transport that is not enabled.
    return fail(400, { code: 0, message: "Transport unknown" });
  }
  // Its pages are its own to serve.
  if (routes !== undefined) return answerHttpApi(request, response, routes);
  const isRead = request.method === "GET" || request.method === "HEAD";
  if (isRead && publicDir !== undefined && (await sendFile(response, publicDir, pathname))) return;
  return fail(404, { message: "Not Found" });
}

/** At the path itself, for which there is a route of its own, or below it. The edge asks for no path at all. */
const isAt = (path: string, pathname: string): boolean =>
  pathname === path || pathname.startsWith(`${path}/`);

function toPathname({ url = "/" }: IncomingMessage): string {
  const at = url.indexOf("?");
  return at < 0 ? url : url.slice(0, at);
}
