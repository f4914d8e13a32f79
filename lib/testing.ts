import { createServer, type RequestListener } from "node:http";
import { systemClock } from "./clock.ts";
import * as index from "./index.ts";
import * as live from "./live.ts";
import { admit } from "./engine/handshake/admission.ts";
import type { EngineApp } from "./engine/engine.ts";
import type { BroadcastPart } from "./engine/fan-out.ts";
import { laneOf, toGroup } from "./engine/letter.ts";
import { Runtime } from "./engine/runtime.ts";
import { protocolOf } from "./ids.ts";
import type { HandlerWatch } from "./handler-watch.ts";
import type { LogLevel } from "./log.ts";
import { toAckPrefix } from "./protocol/dialect.ts";
import { createMemoryStore } from "./state/memory-store.ts";
import { toPathname } from "./testing/caller.ts";
import { createConsoleLogger } from "./testing/console-logger.ts";
import { drain } from "./testing/drain.ts";
import { TestingError } from "./testing/errors.ts";
import { requireServeOptions } from "./testing/serve-options.ts";
import { startHeartbeat } from "./testing/heartbeat-timer.ts";
import { answerJson, answerPoll } from "./testing/http-gateway.ts";
import { InstanceClock } from "./testing/instance-clock.ts";
import { Instance, Rotation } from "./testing/instances.ts";
import { listen, stopListening } from "./testing/listening.ts";
import { MemoryAlarms } from "./testing/memory-alarms.ts";
import { MemoryMailbox } from "./testing/memory-mailbox.ts";
import { createApps, type Factory, type Servable } from "./testing/served-app.ts";
import { refuse, SocketGateway } from "./testing/socket-gateway.ts";
import { TestWatch } from "./testing/test-watch.ts";
import { wakeOnOutbox } from "./testing/waking-store.ts";
import { Work } from "./testing/work.ts";

export { TestingError } from "./testing/errors.ts";
export type { Factory, Servable } from "./testing/served-app.ts";

export interface ServeOptions {
  /** Default: any free one. */
  readonly port?: number;
  /**
   * How many copies of the app take turns, no two packets of a client in a row at the same. More than one needs the file
   * of the app, which is loaded so many times with all that it imports, or a function that makes them. Default 1.
   */
  readonly instances?: number;
  /** Packages whose imports are nonsticky's while a file is loaded: `["socket.io"]`. */
  readonly replace?: readonly string[];
  /**
   * What packets change in the variables of a file's app is kept for the next packet, as `--keep` of `nonsticky dev` does it.
   * Default false.
   */
  readonly keep?: boolean;
  /** What is written to the console. Default `warn`: a handler that fails is an `error`. */
  readonly logLevel?: LogLevel;
  /**
   * Looks at the app's variables around each handler. One that a handler has changed, and that the next packet may not
   * find so, fails the test: `settled` and `close` reject with `testing.lost_variable`. Takes some milliseconds a handler.
   * Default false.
   */
  readonly watch?: boolean;
  /**
   * Answers requests outside the server's path, an Express app for example. Default: the HTTP server that the app is
   * attached to; without one, 404.
   */
  readonly onRequest?: RequestListener;
}

export interface TestServer {
  /** `http://127.0.0.1:<port>`, for `io(url)` of socket.io-client. */
  readonly url: string;
  readonly port: number;
  /** Resolves when everything that has arrived is handled, with all that its handlers have begun. */
  settled(): Promise<void>;
  /**
   * Ends every connection, with `disconnect` handlers run, and frees the port. What handlers are still at after two
   * seconds is abandoned. May be called again.
   */
  close(): Promise<void>;
}

/**
 * Serves an app in this process, for tests: real sockets and the whole protocol, polling and upgrade included, on a free
 * port of the loopback interface, with state in memory and the rules of the deployed gateway.
 *
 * With the file of an app and `instances`, each packet runs on another copy of it than the one before, so that what an app
 * keeps in variables shows as a bug. A file may be any that makes a `Server`, with what it attaches that to.
 *
 * Throws `testing.*`, `config.*` for options and apps that cannot be, and what the app throws while it is loaded.
 *
 * @example
 * const server = await serve("./server.ts", { instances: 3 });
 * const client = connect(server.url);
 * …
 * client.close();
 * await server.close();
 */
export async function serve(
  subject: Servable | Factory | string | URL,
  options: ServeOptions = {},
): Promise<TestServer> {
  requireServeOptions(options);
  const {
    instances = 1,
    port: wantedPort = 0,
    replace = [],
    keep = false,
    logLevel = "warn",
    onRequest,
  } = options;
  const { apps, dispose } = await createApps(subject, {
    instances,
    replace,
    keep,
    library: { "": index, "/live": live },
  });
  claim(apps);
  const watch = options.watch === true ? new TestWatch() : undefined;
  const { rotation, gateway, store, work, stop } = assemble(apps, logLevel, watch);
  const { app } = rotation.first;
  const requests = new Work();
  let isClosing = false;

  const http = createServer((request, response) => {
    const pathname = toPathname(request);
    if (!pathname.startsWith(`${app.options.path}/`)) {
      response.once("close", requests.begin());
      return onRequest ? onRequest(request, response) : rotation.next().answer(request, response, work);
    }
    if (isClosing && !request.url?.includes("sid=")) return answerJson(response, 503, "Service Unavailable");
    if (app.options.serveClient && CLIENT_FILE.test(pathname)) return notFound(request, response);
    response.once("close", requests.begin());
    void answerPoll(request, response, app.options.path, (poll) => rotation.next().poll(poll));
  });
  http.on("upgrade", (request, socket, head) => {
    const isOurs = toPathname(request).startsWith(`${app.options.path}/`);
    if (!isOurs) refuse(socket, 404, "Not Found");
    else if (isClosing) refuse(socket, 503, "Service Unavailable");
    else void gateway.upgrade(request, socket, head);
  });

  const end = () => {
    stop();
    for (const one of apps) served.delete(one);
  };
  const port = await listen(http, wantedPort).catch(async (error: unknown) => {
    end();
    watch?.close();
    await dispose();
    throw error;
  });
  const stopHeartbeat = startHeartbeat(rotation.first);
  const close = async () => {
    isClosing = true;
    stopHeartbeat();
    await drain({ first: rotation.first, store, letters: work, requests, clock: systemClock });
    end();
    await stopListening(http);
    await dispose();
    watch?.close();
    watch?.assertNothingLost();
  };
  let closed: Promise<void> | undefined;
  return {
    url: `http://127.0.0.1:${port}`,
    port,
    settled: async () => {
      await work.settled();
      watch?.assertNothingLost();
    },
    close: () => (closed ??= close()),
  };
}

/** The most that SQS hands over at once. */
const MAX_BATCH = 10;
/** For what a parked GET waits for without anybody writing anything: the end of its grace while it is being upgraded. */
const LONGEST_POLL_SLEEP_MS = 50;
/** The stock client's own files, which only a deployment serves. */
const CLIENT_FILE = /\/socket\.io[\w.]*\.js(\.map)?$/;

const notFound: RequestListener = (_, response) => answerJson(response, 404, "Not Found");

/** Apps that are being served. Two servers for one would leave it with the way to the clients of the second only. */
const served = new WeakSet<EngineApp>();

function claim(apps: readonly EngineApp[]): void {
  if (new Set(apps).size < apps.length || apps.some((app) => served.has(app))) {
    throw new TestingError(
      "testing.already_served",
      "expected apps that are not being served yet: close the server of the first, or make another app for each",
    );
  }
  for (const app of apps) served.add(app);
}

/** What a deployment puts between the sockets and the app, in memory. */
function assemble(apps: readonly EngineApp[], logLevel: LogLevel, watch: HandlerWatch | undefined) {
  const logger = createConsoleLogger(logLevel);
  const work = new Work();
  const clock = new InstanceClock();
  const pollingClock = new InstanceClock(LONGEST_POLL_SLEEP_MS);
  const store = wakeOnOutbox(createMemoryStore({ clock }), () => pollingClock.wake());
  const mailbox: MemoryMailbox = new MemoryMailbox({
    groupOf: (letter, unique) =>
      toGroup(letter, laneOf(letter, toAckPrefix(apps[0]?.codec, protocolOf(letter.sid))), unique),
    // With more than one instance, no two letters of a batch would be seen by different ones.
    batchSize: apps.length === 1 ? MAX_BATCH : 1,
    receive: (batch) => rotation.receive(batch),
    work,
    logger,
  });
  const gateway = new SocketGateway({
    mailbox,
    admit: (arrival) => admit({ store, clock, watch }, rotation.next().app, arrival),
    work,
    logger,
  });
  const alarms = new MemoryAlarms({ ring: (ringing) => rotation.next().ring(ringing), work });
  const fanOut = { send: (part: BroadcastPart) => rotation.next().sendPart(part) };
  const ports = {
    store,
    mailbox,
    alarms,
    transport: gateway,
    fanOut,
    logger,
    isOrdered: true,
    hasApp: true,
    watch,
  };
  const rotation: Rotation = new Rotation(
    apps.map(
      (app) =>
        new Instance(app, new Runtime({ ...ports, clock }), new Runtime({ ...ports, clock: pollingClock })),
    ),
  );
  const stop = () => {
    alarms.stop();
    mailbox.stop();
    gateway.stop();
    clock.stop();
    pollingClock.stop();
  };
  return { rotation, gateway, store, work, stop };
}
