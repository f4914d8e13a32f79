import type { IncomingMessage, ServerResponse } from "node:http";
import path from "node:path";
import { isSid } from "../../../lib/ids.ts";
import { defaultPrices, priceOf, readPrices, type Meter } from "../../cost/prices.ts";
import { sendFile } from "../gateway/static-files.ts";
import { packageDir } from "../installation.ts";
import type { Stack } from "../stack.ts";
import { act } from "./acts.ts";
import type { SessionReader } from "./sessions.ts";
import { isFromInspector } from "./same-page.ts";
import { sendEvents } from "./send-events.ts";
import { readSwitches } from "./switchboard.ts";
import { toOpened } from "./told.ts";

/** Where it is served. */
export const INSPECTOR_PATH = "/__nonsticky";

const pageDir = path.join(packageDir, "infra/inspector");
const MAX_BODY_BYTES = 64 * 1024;

/** Prices a unit, of what one packet may use. */
const meters = [
  "websocketMessages",
  "httpRequests",
  "queueRequests",
  "lambdaRequests",
  "lambdaGbSeconds",
  "readUnits",
  "writeUnits",
] as const satisfies readonly Meter[];

/** Everything that does not come from inside the page belongs to nobody here. */
const headers = {
  "content-security-policy":
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  "x-frame-options": "DENY",
  "x-content-type-options": "nosniff",
  "cross-origin-resource-policy": "same-origin",
  "referrer-policy": "no-referrer",
} as const;

/** The inspector of a stack: its page, the stream of events that the page reads, and its switches. */
export class Inspector {
  readonly #stack: Stack;
  readonly #reader: SessionReader;

  constructor(stack: Stack, reader: SessionReader) {
    this.#stack = stack;
    this.#reader = reader;
  }

  /** False where the request is for somebody else. */
  answer(request: IncomingMessage, response: ServerResponse, pathname: string): boolean {
    if (pathname !== INSPECTOR_PATH && !pathname.startsWith(`${INSPECTOR_PATH}/`)) return false;
    for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
    const place = pathname.slice(INSPECTOR_PATH.length + 1);
    if (!isFromInspector(request, place === "")) {
      request.resume();
      fail(response, 403, "expected the inspector's own page, on this machine");
      return true;
    }
    this.#route(request, response, place).catch(() => response.destroy());
    return true;
  }

  async #route(request: IncomingMessage, response: ServerResponse, place: string): Promise<void> {
    const { method = "GET" } = request;
    if (method === "POST" && (place === "switches" || place === "act"))
      return this.#change(request, response, place);
    request.resume();
    if (method !== "GET") return fail(response, 405, `expected GET, got ${method}`);
    if (place === "events") return this.#sendEvents(request, response);
    if (place === "session") return this.#sendSession(request, response);
    if (await sendFile(response, pageDir, place === "" ? "/index.html" : `/${place}`)) return;
    fail(response, 404, "Not Found");
  }

  #sendEvents(request: IncomingMessage, response: ServerResponse): void {
    const { events } = this.#stack;
    if (!sendEvents(request, response, events, () => this.#hello()))
      fail(response, 503, "too many pages are open");
  }

  /** What there is when a page opens; from then on it hears what changes. */
  #hello(): unknown {
    const { topology, pools, connections, events, switches, counters } = this.#stack;
    const open = [...connections.all()];
    const prices = readPrices(defaultPrices);
    return {
      stage: topology.stage,
      table: topology.table.name,
      ordering: topology.routes.$default.kind === "function" ? "direct" : "fifo",
      functions: topology.functions.map(({ key, memoryMegabytes }) => ({ key, memoryMegabytes })),
      prices: {
        region: prices.region,
        date: prices.date,
        ...Object.fromEntries(meters.map((meter) => [meter, priceOf(prices, meter, 1)])),
      },
      switches: switches.now,
      instances: [...pools.values()].flatMap((pool) =>
        pool.list().map((instance) => ({
          pid: instance.pid,
          function: pool.spec.key,
          state: !instance.wasLoaded
            ? "starting"
            : instance.frozen
              ? "frozen"
              : instance.busy
                ? "busy"
                : "idle",
          invocations: instance.invocations,
        })),
      ),
      connections: open.map((connection) => {
        const { type: _, ...opened } = toOpened(connection) as ReturnType<typeof toOpened> & {
          type: "connection.opened";
        };
        return { ...opened, pids: [...(counters.pidsBySid.get(opened.sid ?? "") ?? [])] };
      }),
      /** `n` of the last event so far: what has a lower one is history. */
      told: events.told,
      dropped: events.dropped,
    };
  }

  async #sendSession({ url = "" }: IncomingMessage, response: ServerResponse): Promise<void> {
    const sid = new URLSearchParams(url.split("?")[1]).get("sid");
    if (!isSid(sid)) return fail(response, 400, "expected sid to be a session id");
    const found = await this.#reader(sid);
    if (found === undefined) return fail(response, 404, "expected a session, got none");
    send(response, 200, found);
  }

  async #change(
    request: IncomingMessage,
    response: ServerResponse,
    place: "switches" | "act",
  ): Promise<void> {
    const isJson = /^application\/json\b/.test(request.headers["content-type"] ?? "");
    const value = isJson ? parse(await readBody(request)) : undefined;
    if (place === "act") {
      const problem = value === undefined ? "expected a JSON object" : await act(this.#stack, value);
      return problem === undefined ? send(response, 200, {}) : fail(response, 400, problem);
    }
    const changes = readSwitches(value);
    if (changes === undefined)
      return fail(response, 400, "expected chaos, throttle (0 to 1), antiAffinity or freeze (true or false)");
    this.#stack.switches.set(changes);
    send(response, 200, this.#stack.switches.now);
  }
}

function send(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { "content-type": "application/json", "cache-control": "no-store" });
  response.end(JSON.stringify(body));
}

const fail = (response: ServerResponse, status: number, message: string): void =>
  send(response, status, { message });

function parse(text: string): unknown {
  try {
    const value: unknown = JSON.parse(text);
    return value !== null && typeof value === "object" ? value : undefined;
  } catch {
    return undefined;
  }
}

async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.byteLength;
    if (bytes <= MAX_BODY_BYTES) chunks.push(chunk);
  }
  return bytes <= MAX_BODY_BYTES ? Buffer.concat(chunks).toString("utf8") : "";
}
