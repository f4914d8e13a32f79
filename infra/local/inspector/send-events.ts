import type { IncomingMessage, ServerResponse } from "node:http";
import type { EventStream } from "./event-stream.ts";
import type { InspectorEvent } from "./inspector-events.ts";

/** As many as a browser opens to one host, and then some. */
const MAX_PAGES = 8;
/** What a page that does not read may have waiting; what comes then is left out and counted. */
const MAX_WAITING_BYTES = 8 * 1024 * 1024;
const SIGN_OF_LIFE_MS = 15_000;

const pages = new WeakMap<EventStream, number>();

/**
 * Server-Sent Events: `hello` first, then messages whose data is a list of events and whose id is the `n` of the last of
 * them; `dropped` says how many were left out for a page that does not keep up. With `Last-Event-ID`, as a browser that
 * comes again sends it, only what came since. False when there are too many readers.
 */
export function sendEvents(
  request: IncomingMessage,
  response: ServerResponse,
  events: EventStream,
  hello: () => unknown,
): boolean {
  const open = pages.get(events) ?? 0;
  if (open >= MAX_PAGES) return false;
  pages.set(events, open + 1);
  response.writeHead(200, { "content-type": "text/event-stream", "cache-control": "no-store" });
  response.write(`retry: 500\nevent: hello\ndata: ${JSON.stringify(hello())}\n\n`);

  let leftOut = 0;
  const onEvents = (some: readonly InspectorEvent[]) => {
    if (response.writableLength > MAX_WAITING_BYTES) {
      leftOut += some.length;
      return;
    }
    if (leftOut > 0) response.write(`event: dropped\ndata: ${leftOut}\n\n`);
    leftOut = 0;
    response.write(`id: ${some.at(-1)?.n ?? 0}\ndata: ${JSON.stringify(some)}\n\n`);
  };
  const seen = Number(request.headers["last-event-id"] ?? 0);
  // Ids of an earlier run of the runtime mean nothing here.
  const stop = events.subscribe(onEvents, seen <= events.told ? seen : 0);
  const alive = setInterval(() => response.write(":\n\n"), SIGN_OF_LIFE_MS).unref();
  response.once("close", () => {
    clearInterval(alive);
    stop();
    pages.set(events, (pages.get(events) ?? 1) - 1);
  });
  return true;
}
